import { staticFiles } from "../../../src/http/static_files.ts";
import type { Dashboard } from "../../../src/boards/compose.ts";
import { runPanel, runVariable } from "../../../src/boards/query.ts";
import { AppError } from "../../../src/errors.ts";
import { errorBody } from "../../../src/http/replies.ts";
import type { Sql } from "../../../src/external/postgres/postgres.ts";
import { BoardPage } from "../../../views/board.tsx";
import { BoardHeader } from "../../../views/board_header.tsx";

/** One board on a port of its own, under a strict content policy; notes what its page asks for. */
export function serveBoard(reader: Sql, dashboard: Dashboard, with_header = false) {
  const asked: {
    panel: string | null;
    uid: string | null;
    signature: string | null;
    body: number;
  }[] = [];
  const page = () =>
    new Response(
      String(
        <BoardPage
          title={dashboard.title!}
          dashboard={dashboard}
          query_url="/boards/1/query"
          header={with_header && <BoardHeader title={dashboard.title!} from="" to="" signed_in />}
        />,
      ),
      {
        headers: {
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": "default-src 'self'",
        },
      },
    );
  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname.startsWith("/static/")) {
      return await (await staticFiles()).app.request(pathname.slice("/static".length));
    }
    if (pathname === "/boards/1") return page();
    if (pathname !== "/boards/1/query") return new Response("", { status: 404 });
    const { panel_id, variables, variable } = await request.json();
    const soon = AbortSignal.timeout(30_000);
    if (variable !== undefined) {
      const { status, body } = await runVariable(reader, dashboard, variable, soon);
      return Response.json(body, { status });
    }
    asked.push({
      panel: request.headers.get("x-panel-id"),
      uid: request.headers.get("x-dashboard-uid"),
      signature: searchParams.get("signature"),
      body: panel_id,
    });
    const { status, body } = await runPanel(
      reader,
      dashboard,
      panel_id,
      soon,
      variables,
    );
    return Response.json(body, { status });
  }
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return Response.json(errorBody(error, "r"), { status: error.status });
    }
  });
  return {
    asked,
    origin: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
