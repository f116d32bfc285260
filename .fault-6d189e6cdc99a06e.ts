
  import postgres from "postgres";
  
  import { catchUncaught } from "file:///work/w13/src/external/uncaught.ts";
  catchUncaught(console.log, () => Deno.exit(7));
  const [url] = Deno.args;
  const sql = postgres(url, { max: 2 });
  const other = postgres(url, { max: 1 });
  await sql.begin(async (tx) => {
    const [{ pid }] = await tx`select pg_backend_pid() as pid`;
    await other`select pg_terminate_backend(${pid})`;
    await new Promise((resolve) => setTimeout(resolve, 200));
    await tx`select 1`;
  }).catch((error) => console.log("rejected", error.code));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await sql`select 1`;
  console.log("goes on");
  Deno.exit(0);