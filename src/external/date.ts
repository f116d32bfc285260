/** A server's clock by its Date header, in ms and to the second. Undefined: it has none, or is silent. */
export async function dateOf(url: string, signal: AbortSignal): Promise<number | undefined> {
  try {
    const response = await fetch(url, { redirect: "manual", signal });
    await response.body?.cancel();
    const time = Date.parse(response.headers.get("date") ?? "");
    return Number.isNaN(time) ? undefined : time;
  } catch {
    return undefined;
  }
}

/** The status of an address; undefined: nothing answers. `dashkeeper`: the answer names a request. */
export async function statusOf(url: string, signal: AbortSignal) {
  try {
    const response = await fetch(url, { redirect: "manual", signal });
    const body: unknown = await response.json().catch(() => undefined);
    return { status: response.status, dashkeeper: response.headers.has("x-request-id"), body };
  } catch {
    return undefined;
  }
}
