import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { login } from "../help/world/postgres.ts";
import { addUser, keyIn, makeHome, QUICK, urlOf, waitFor } from "../help/service/service.ts";

const env = { ...QUICK, BROWSER_INSTALL: "no" };

async function curl(...args: string[]) {
  const command = new Deno.Command("curl", {
    args: ["-sS", ...args],
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesIn(`${folder}/${name}`);
    else if (name !== "in_use") yield `${folder}/${name}`;
  }
}
const spooled = (dataDir: string) => Array.fromAsync(filesIn(`${dataDir}/imports`));

Deno.test("curl -T imports; a process killed in the middle leaves no row and, once it is up again, no spool", async () => {
  await using home = await makeHome();
  const service = await home.start(env);
  const admin = keyIn(service.log());
  const ada = await addUser(service, admin, "ada");
  const url = `http://127.0.0.1:${home.PORT}/api/v1/imports`;
  const file = await Deno.makeTempFile({ suffix: ".csv" });
  await Deno.writeTextFile(file, "design,area_um2\ngcd,100\n");
  const auth = ["-H", `Authorization: Bearer ${ada.api_key}`];
  const sent = await curl("-T", file, ...auth, `${url}?run_id=1&file=areas.csv`);
  const { imports: [made] } = JSON.parse(sent.out);
  same([made.tables[0].table_name, made.tables[0].rows], ["areas", 1]);
  equal(made.numbers[0].value, 100);

  await Deno.writeTextFile(file, "design,area_um2\n" + "gcd,100\n".repeat(4_000_000));
  const refused = await curl("-T", file, "-H", "Authorization: Bearer nothing", url);
  match(refused.out, /key_malformed/);
  const cut = curl("-T", file, ...auth, `${url}?run_id=2&file=areas.csv`);
  await waitFor("a spool", async () => (await spooled(home.dataDir)).length > 0);
  await service.kill("SIGKILL");
  ok((await cut).code !== 0, "curl says that it failed");
  equal((await spooled(home.dataDir)).length > 0, true);
  const again = await home.start(env);
  same(await spooled(home.dataDir), []);
  await using owner = login(await urlOf(again, admin, ada.id, "QOR"));
  equal((await owner`select * from public.areas`).length, 1);
  await Deno.remove(file);
});
