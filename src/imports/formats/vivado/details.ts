import { ParseError } from "../format.ts";

const CHECK = /^(Setup|Hold|PW) *: +(\S+) +Failing Endpoints/;
const UNCONSTRAINED = /^(?:Max|Min) Delay +\d+ Endpoint/;
const SECTIONS: Record<string, string> = {
  ...{ Setup: "Max Delay Paths", Hold: "Min Delay Paths", PW: "Pulse Width Checks" },
};

/** Follows the blocks of `Timing Details`: each has a section for every check that it counts. */
export function detailReader() {
  let awaited = new Set<string>();
  let section = "";
  return {
    line(text: string) {
      if (text.startsWith("From Clock:")) {
        awaited = new Set(["checks"]);
      }
      const [, check, count] = CHECK.exec(text) ?? [];
      if (check || UNCONSTRAINED.test(text)) awaited.delete("checks");
      if (check && count !== "NA") awaited.add(SECTIONS[check]!);
      if (text in SECTION_NAMES) section = text;
      if (
        text.startsWith("Slack") ||
        section === "Pulse Width Checks" && /^(?:Min|Max|Low|High) /.test(text)
      ) {
        awaited.delete(section);
      }
    },
    end(count: number) {
      const [missing] = awaited;
      if (missing) {
        throw new ParseError(`The last clock has no ${missing}. Is the file cut?`, count);
      }
    },
  };
}

const SECTION_NAMES = Object.fromEntries(Object.values(SECTIONS).map((name) => [name, true]));
