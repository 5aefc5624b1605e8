"""What is stored of dashboards: which links to pictures are still good."""

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base


class PictureLinks(Base):
    """The links to pictures of a workspace's dashboards.

    generation: links of an earlier one are good no more; there is no row before the first end.
    """

    __tablename__ = "dashboard_picture_links"

    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True
    )
    generation: Mapped[int] = mapped_column(default=0, server_default=text("0"))
