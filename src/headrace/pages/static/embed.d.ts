// Types of embed.js, which defines `window.Headrace`.

interface HeadraceConnectionMessage {
  type: "ConnectionCreated" | "ConnectionUpdated";
  connection_id: number;
  datasource_name: string;
  workspace_id: number;
}

interface HeadraceError {
  error_type: string;
  error_code: string;
  error_message: string;
  display_message: string;
  retryable: boolean;
}

interface HeadraceSignal {
  type: `headrace.${string}`;
  version: 1;
  session_id: string;
  request_id: string;
  timestamp: string;
  page?: string;
  height?: number;
  datasource_name?: string;
  connection_id?: number;
  workspace_id?: number;
  count?: number;
  reason?: string;
  error?: HeadraceError;
}

type HeadraceMessage = HeadraceConnectionMessage | HeadraceSignal;
type HeadraceHandler = (message: HeadraceMessage, handle: HeadraceHandle) => void;

interface HeadraceHandle {
  readonly frame: HTMLIFrameElement;
  /** Be called with the messages of one type, or with all of them: `"*"`. */
  on(type: HeadraceMessage["type"] | "*", handler: HeadraceHandler): HeadraceHandle;
  close(): void;
}

interface HeadraceOptions {
  /** Of the frame, for screen readers. */
  title?: string;
  /** In pixels, until the page says how high it is. */
  height?: number;
  /** Whether the frame follows the height of its page; true. */
  resize?: boolean;
  on?: Partial<Record<HeadraceMessage["type"] | "*", HeadraceHandler>>;
  onClose?: () => void;
}

/** The URL that get_iframe_url answered, or what asks your server for one. */
type HeadraceUrl = string | (() => string | Promise<string>);

interface HeadraceHost {
  /** Show a frame in an element of yours. */
  embed(url: HeadraceUrl, options: HeadraceOptions & { container: string | Element }): Promise<HeadraceHandle>;
  /** Show a frame in a dialog; it closes when the visitor is done. */
  open(url: HeadraceUrl, options?: HeadraceOptions & { closeLabel?: string; theme?: "light" | "dark" }): Promise<HeadraceHandle>;
}

interface Window {
  readonly Headrace: HeadraceHost;
}

declare const Headrace: HeadraceHost;
