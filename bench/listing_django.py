"""The list of extracts in Django REST framework, as `bench.listing` compares with it.

    python bench/listing_django.py PORT

Models over our tables, serializers, its own pagination with a count, one query for the page with what
it joins and one for the schedules; connections come from Django's pool. LISTING_DSN names the database,
LISTING_SERVER the folder that uvicorn and psycopg_pool are in.
"""

import hashlib
import os
import sys

import django
import psycopg
from django.conf import settings

# Behind the packages of this interpreter: the server and the pool are taken from there.
sys.path.append(os.environ["LISTING_SERVER"])
_DSN = psycopg.conninfo.conninfo_to_dict(os.environ["LISTING_DSN"])

settings.configure(
    DEBUG=False,
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=["rest_framework"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],  # sets Content-Length
    TIME_ZONE="UTC",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _DSN["dbname"],
            "USER": _DSN["user"],
            "PASSWORD": _DSN.get("password", ""),
            "HOST": _DSN["host"],
            "PORT": _DSN.get("port", "5432"),
            "OPTIONS": {"pool": {"min_size": 10, "max_size": 10}},
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from django.db import models  # noqa: E402 - Django is set up first
from django.db.models import Case, Exists, OuterRef, Value, When  # noqa: E402
from django.db.models.functions import Cast  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework import (  # noqa: E402
    authentication,
    exceptions,
    generics,
    pagination,
    serializers,
)


class _Unmanaged(models.Model):
    class Meta:
        """How it is made."""

        abstract = True
        managed = False
        app_label = "rest_framework"


class AccessToken(_Unmanaged):
    """A bearer token by its digest."""

    digest = models.TextField(primary_key=True)
    workspace_id = models.BigIntegerField()
    expires_at = models.DateTimeField()

    class Meta(_Unmanaged.Meta):
        """Its table."""

        db_table = "access_token"


class Account(_Unmanaged):
    """An account of a connection."""

    remote_id = models.TextField()
    title = models.TextField()

    class Meta(_Unmanaged.Meta):
        """Its table."""

        db_table = "account"


class Connection(_Unmanaged):
    """A connection to a data source."""

    datasource_name = models.TextField()

    class Meta(_Unmanaged.Meta):
        """Its table."""

        db_table = "connection"


class DataTable(_Unmanaged):
    """A data table."""

    title = models.TextField()
    datasource_name = models.TextField()

    class Meta(_Unmanaged.Meta):
        """Its table."""

        db_table = "data_table"


class ExtractTemplate(_Unmanaged):
    """A template of extracts."""

    schedules_limit = models.BigIntegerField()
    is_wide = models.BooleanField()

    class Meta(_Unmanaged.Meta):
        """Its table."""

        db_table = "extract_template"


class Schedule(_Unmanaged):
    """A schedule of anything."""

    workspace_id = models.BigIntegerField()
    kind = models.TextField()
    subject_id = models.TextField()
    position = models.BigIntegerField()
    rule = models.JSONField()

    class Meta(_Unmanaged.Meta):
        """Its table."""

        db_table = "schedule"


class Run(_Unmanaged):
    """A run of anything."""

    workspace_id = models.BigIntegerField()
    kind = models.TextField()
    subject_id = models.TextField()
    status = models.TextField()

    class Meta(_Unmanaged.Meta):
        """Its table."""

        db_table = "run"


class Extract(_Unmanaged):
    """An extract."""

    workspace_id = models.BigIntegerField()
    connection = models.ForeignKey(Connection, models.CASCADE)
    account = models.ForeignKey(Account, models.CASCADE)
    data_table = models.ForeignKey(DataTable, models.CASCADE)
    template = models.ForeignKey(ExtractTemplate, models.CASCADE)
    title = models.TextField()
    settings = models.JSONField()
    hashed_fields = models.JSONField()
    custom_filters = models.JSONField()
    sync_historical_data = models.DateField(null=True)
    bad_values = models.TextField()
    is_paused = models.BooleanField()
    last_sync = models.DateTimeField(null=True)
    error_text = models.TextField(null=True)
    created_at = models.DateTimeField()

    class Meta(_Unmanaged.Meta):
        """Its table."""

        db_table = "extract"


class DataTableSerializer(serializers.ModelSerializer):
    """A data table in an extract."""

    class Meta:
        """How it is made."""

        model = DataTable
        fields = ("id", "title", "datasource_name")


class ExtractSerializer(serializers.ModelSerializer):
    """An extract as our API shows it."""

    account_id = serializers.CharField(source="account.remote_id")
    account_name = serializers.CharField(source="account.title")
    status = serializers.CharField()
    schedules_limit = serializers.IntegerField(source="template.schedules_limit")
    account_entity_id = serializers.IntegerField(source="account.pk")
    account_embedded_id = serializers.IntegerField(source="account.pk")
    is_wide_template = serializers.BooleanField(source="template.is_wide")
    scheduling = serializers.SerializerMethodField()
    additional_params = serializers.JSONField(source="settings")
    data_table = DataTableSerializer()
    datasource_name = serializers.CharField(source="connection.datasource_name")

    class Meta:
        """How it is made."""

        model = Extract
        fields = (
            "id", "title", "connection_id", "account_id", "account_name", "created_at", "last_sync",
            "status", "error_text", "schedules_limit", "sync_historical_data", "account_entity_id",
            "account_embedded_id", "is_wide_template", "scheduling", "additional_params",
            "data_table", "template_id", "datasource_name", "hashed_fields", "custom_filters",
            "bad_values",
        )  # fmt: skip

    def get_scheduling(self, extract: Extract) -> list[object]:
        """The extract's schedules, read for the whole page at once."""
        found: list[object] = self.context["schedules"].get(str(extract.pk), [])
        return found


class Bearer(authentication.BaseAuthentication):
    """Looks the token up by its digest."""

    def authenticate(self, request: object) -> tuple[AccessToken, None]:
        """Return the token in the user's place."""
        value = authentication.get_authorization_header(request).partition(b" ")[2]
        token = AccessToken.objects.filter(
            digest=hashlib.sha256(value).hexdigest(), expires_at__gt=timezone.now()
        ).first()
        if token is None:
            raise exceptions.AuthenticationFailed
        return token, None


class Pages(pagination.PageNumberPagination):
    """The contract's pages."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 100


_FINISHED = ("succeeded", "failed", "cancelled")


class ExtractList(generics.ListAPIView):
    """The list of a workspace's extracts."""

    serializer_class = ExtractSerializer
    authentication_classes = (Bearer,)
    pagination_class = Pages

    def get_queryset(self) -> models.QuerySet[Extract]:
        """The workspace's extracts, with what is shown of other tables."""
        unfinished = Run.objects.filter(
            workspace_id=OuterRef("workspace_id"),
            kind="extract",
            subject_id=Cast(OuterRef("pk"), models.TextField()),
        ).exclude(status__in=_FINISHED)
        status = Case(
            When(is_paused=True, then=Value("paused")),
            When(Exists(unfinished), then=Value("syncing")),
            When(error_text__isnull=False, then=Value("error")),
            When(last_sync__isnull=False, then=Value("synced")),
            default=Value("init"),
        )
        return (
            Extract.objects.filter(workspace_id=self.request.user.workspace_id)
            .select_related("account", "connection", "data_table", "template")
            .annotate(status=status)
            .order_by("id")
        )

    def get_serializer(self, page: list[Extract], **options: object) -> ExtractSerializer:
        """Read the schedules of the whole page before its rows are written."""
        schedules: dict[str, list[object]] = {}
        ids = [str(extract.pk) for extract in page]
        found = Schedule.objects.filter(kind="extract", subject_id__in=ids).order_by("position")
        for schedule in found:
            schedules.setdefault(schedule.subject_id, []).append(schedule.rule)
        context = self.get_serializer_context() | {"schedules": schedules}
        return ExtractSerializer(page, context=context, **options)


urlpatterns = [path("api/v3/extracts", ExtractList.as_view())]

if __name__ == "__main__":
    import uvicorn
    from django.core.asgi import get_asgi_application

    uvicorn.run(
        get_asgi_application(),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_config=None,
        lifespan="off",
    )
