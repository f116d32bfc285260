import { ok, strictEqual as equal } from "node:assert";
import { firstFrames } from "../bench/first_frame.ts";
import { filmTogether } from "../bench/gif_film.ts";
import { browserHere } from "../help/previews/browser.ts";

Deno.test("takePreview() records four at a time, each to its last frame", async () => {
  await using browser = browserHere();
  const { latest, longest } = await filmTogether(browser, 4);
  console.log(`four at a time: latest ${latest} ms, longest ${Math.round(longest)} ms`);
  ok(Number.isFinite(latest), "a frame shows no time");
});

Deno.test("takePreview() shows the built-in board of real results again and again, and keeps no memory", async () => {
  await using browser = browserHere();
  const { panels, times, memory } = await firstFrames(browser, 6);
  console.log(`frame 1 after ${times.join(", ")} ms; MB ${memory.map(Math.round).join(", ")}`);
  ok(panels >= 18);
  equal(times.length, 6);
  const most = Math.max(...memory.slice(0, 3)) * 1.3 + 30;
  ok(memory.at(-1)! < most, `the browser grew: ${memory.map(Math.round).join(", ")} MB`);
});
