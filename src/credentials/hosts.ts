/** Whether a host is in the list: `grafana.example.com`, or `*.example.com` for every host below it. */
export function isListed(host: string, list: string[]): boolean {
  const name = host.toLowerCase();
  return list.some((entry) => {
    const wanted = entry.trim().toLowerCase();
    if (wanted === "") return false;
    return wanted.startsWith("*.") ? name.endsWith(wanted.slice(1)) : name === wanted;
  });
}

/** Addresses without a slash at the end. */
export type ConfiguredGrafana = {
  base: string;
  key: string;
  public_url?: string | undefined;
  capture_key?: string | undefined;
  /** The database server as Grafana sees it; as we do where it is not set. */
  db_host?: string | undefined;
  db_port?: number | undefined;
};

export type Outside = {
  slack_api_url: string;
  slack_token?: string | undefined;
  slack_channel?: string | undefined;
  /** With one of these, the installation's app can call: its messages have buttons. */
  slack_signing_secret?: string | undefined;
  slack_app_token?: string | undefined;
  grafana?: ConfiguredGrafana | undefined;
  allowed_hosts: string[];
};

/** An http(s) address as a base: without a slash, query or login. Undefined where it is none. */
export function baseOf(text: string): string | undefined {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

export function mayContact({ grafana, allowed_hosts }: Outside, address: string): boolean {
  const { origin, hostname } = new URL(address);
  const configured = grafana && new URL(grafana.base).origin === origin;
  return configured || isListed(hostname, allowed_hosts);
}
