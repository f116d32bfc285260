import { login } from "../help/world/postgres.ts";
import {
  addUser,
  keyIn,
  makeHome,
  QUICK,
  type Service,
  urlOf,
  waitFor,
} from "../help/service/service.ts";

const TABLES = 10;
/** The samples that are compared: the first and the last part of all. */
const PART = 0.1;
const MOST_GROWTH = 1.1;
const MOST_MORE_FILES = 5;

type Sample = { megabytes: number; files: number; browsers: number };

/**
 * Takes `captures` previews and makes `calls` calls of the API. Returns what grew: the memory of the service
 * by more than a tenth, its open files by more than five, or its browsers beyond one.
 */
export async function soakGrowth(captures: number, calls: number): Promise<string[]> {
  await using home = await makeHome();
  const service = await home.start(QUICK);
  const key = keyIn(service.log());
  const ids = await addTables(service, key);
  const samples: Sample[] = [];
  const started = performance.now();
  for (let i = 0; i < captures; i++) {
    const id = ids[i % ids.length]!;
    await Promise.all([capture(service, key, id), call(service, key, id, calls / captures)]);
    samples.push(await sample(service));
    if ((i + 1) % Math.max(1, captures * PART) === 0) {
      console.log(`${i + 1} captures: ${inWords(samples.at(-1)!)}`);
    }
  }
  const minutes = (performance.now() - started) / 60_000;
  const many = Math.max(1, Math.floor(captures * PART));
  const [first, last] = [mean(samples.slice(0, many)), mean(samples.slice(-many))];
  console.log(`${captures} captures, ${calls} calls in ${minutes.toFixed(1)} min`);
  console.log(`first ${many}: ${inWords(first)}; last ${many}: ${inWords(last)}`);
  const browsers = Math.max(...samples.map(({ browsers }) => browsers));
  return [
    ...last.megabytes > first.megabytes * MOST_GROWTH ? ["the memory grew"] : [],
    ...last.files > first.files + MOST_MORE_FILES ? ["the open files grew"] : [],
    ...browsers > 1 ? [`${browsers} browsers at a time`] : [],
    ...service.log().match(/.*ERROR.*/g) ?? [],
  ];
}

async function addTables(service: Service, key: string): Promise<number[]> {
  const { id } = await addUser(service, key, "ada");
  await using db = login(await urlOf(service, key, id, "QOR"));
  await db.unsafe(`begin; ${
    Array.from({ length: TABLES }, (_, i) => `
      create table block_${i} (run_date date, design text, area float8);
      insert into block_${i} select date '2026-01-01' + i, 'core', i * 10.5
        from generate_series(1, 50) i;`).join("")
  } commit`).simple();
  const list = async () =>
    (await service.call("GET", "/api/v1/dashboards", { key })).body.dashboards as Row[];
  await waitFor("the first previews", async () => {
    const rows = await list();
    return rows.length === TABLES && rows.every(({ step }) => step === "done");
  }, 120);
  return (await list()).map(({ id }) => id);
}
type Row = { id: number; step: string };

async function capture(service: Service, key: string, id: number): Promise<void> {
  const path = `/api/v1/dashboards/${id}`;
  const { status } = await service.call("POST", `${path}/capture`, { key });
  if (status !== 202) throw new Error(`capture: ${status}`);
  const isDone = async () => (await service.call("GET", path, { key })).body.step === "done";
  await waitFor(`the preview of ${id}`, isDone, 60);
}

async function call(service: Service, key: string, id: number, many: number): Promise<void> {
  const paths = [
    "/me",
    "/dashboards",
    `/dashboards/${id}`,
    `/dashboards/${id}/preview.gif`,
    "/users",
  ];
  for (let i = 0; i < many; i++) {
    const path = `/api/v1${paths[i % paths.length]}`;
    const { status } = await service.call("GET", path, { key });
    if (status !== 200) throw new Error(`${path}: ${status}`);
  }
}

async function sample({ pid, browsers }: Service): Promise<Sample> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const files = await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`));
  const commands = await Promise.all((await browsers()).map(commandOf));
  // Its other processes name what they are.
  const mains = commands.filter((command) => command && !command.includes("--type="));
  return {
    megabytes: Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024,
    files: files.length,
    browsers: mains.length,
  };
}

const commandOf = (pid: number) => Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");

function mean(samples: Sample[]): Sample {
  const of = (name: keyof Sample) =>
    samples.reduce((sum, sample) => sum + sample[name], 0) / samples.length;
  return { megabytes: of("megabytes"), files: of("files"), browsers: of("browsers") };
}

const inWords = ({ megabytes, files, browsers }: Sample) =>
  `${Math.round(megabytes)} MB, ${Math.round(files)} open files, ${Math.round(browsers)} browser`;
