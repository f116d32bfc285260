export type Fault = {
  /** Default: all. */
  method?: string;
  /** Held against the path with its query; default: all. */
  path?: RegExp;
  /** How often; default: until clearFaults(). */
  times?: number;
  /** The work is done first, and only its answer is lost. */
  after?: boolean;
  /** `pass`: it does its work, once `before` is over. */
  answer: Answer | "hang" | "drop" | "pass";
  before?: () => Promise<unknown>;
};
type Answer = {
  status: number;
  body?: unknown;
  html?: string;
  headers?: Record<string, string>;
};

/** What a test lets go wrong. */
export class Faults {
  #all: Fault[] = [];

  constructor(readonly ended: AbortSignal) {}

  add(fault: Fault) {
    this.#all.push({ ...fault });
  }

  clear() {
    this.#all = [];
  }

  /** Answers with the first fault that fits, or with what `work` makes of the request. */
  async pass(
    { method, url }: Request,
    work: () => Response | Promise<Response>,
  ): Promise<Response> {
    const { pathname, search } = new URL(url);
    const fault = this.#all.find((one) =>
      (one.times ?? 1) > 0 && (one.method ?? method) === method &&
      (one.path?.test(pathname + search) ?? true)
    );
    if (!fault) return await work();
    if (fault.times !== undefined) fault.times--;
    await fault.before?.();
    if (fault.answer === "pass") return await work();
    if (fault.after) await (await work()).body?.cancel();
    return await this.#stumble(fault.answer);
  }

  async #stumble(answer: Exclude<Fault["answer"], "pass">): Promise<Response> {
    if (answer === "drop") { // fewer bytes than promised: the server cuts the connection
      const headers = { "content-type": "application/json", "content-length": "99" };
      return new Response(new Blob(['{"message":']).stream(), { headers });
    }
    if (answer === "hang") {
      if (!this.ended.aborted) {
        await new Promise<void>((done) => this.ended.addEventListener("abort", () => done()));
      }
      return new Response(null, { status: 503 });
    }
    const { status, body, html, headers } = answer;
    if (html !== undefined) {
      return new Response(html, { status, headers: { "content-type": "text/html", ...headers } });
    }
    return body === undefined
      ? new Response(null, { status, ...(headers ? { headers } : {}) })
      : Response.json(body, { status, ...(headers ? { headers } : {}) });
  }
}
