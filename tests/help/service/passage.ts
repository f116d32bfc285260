/** A way to a port of this machine that can be cut, with all that goes through it, and joined again. */
export function passTo(port: number) {
  const hostname = "127.0.0.1";
  let listener = Deno.listen({ hostname, port: 0 });
  const own = (listener.addr as Deno.NetAddr).port;
  const open = new Set<Deno.Conn>();
  const ends: Promise<unknown>[] = [];

  async function pass(client: Deno.Conn) {
    open.add(client);
    try {
      const server = await Deno.connect({ hostname, port });
      open.add(server);
      await Promise.allSettled([
        client.readable.pipeTo(server.writable),
        server.readable.pipeTo(client.writable),
      ]);
    } catch { /* the service is gone */ }
  }
  const listen = async (own: Deno.Listener) => {
    try {
      for await (const client of own) ends.push(pass(client));
    } catch { /* closed */ }
  };
  const close = (one: { close(): void }) => {
    try {
      one.close();
    } catch { /* closed by its end */ }
  };
  const cut = () => {
    close(listener);
    for (const conn of open) close(conn);
    open.clear();
  };
  ends.push(listen(listener));
  return {
    origin: `http://${hostname}:${own}`,
    cut,
    join() {
      listener = Deno.listen({ hostname, port: own });
      ends.push(listen(listener));
    },
    async [Symbol.asyncDispose]() {
      cut();
      await Promise.allSettled(ends);
    },
  };
}
