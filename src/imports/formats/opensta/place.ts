import type { Row } from "../rows.ts";

/** Where in a text of several reports a line is, as the headings of a flow's script say. */
export type Place = {
  corner: string | null;
  stage: string | null;
  /** The last heading. */
  title: string;
  /** Numbers the headings. */
  section: number;
  /** A heading of a command that has not printed anything yet. */
  awaits: boolean;
};

const RULE = /^=+$/;
const CORNER = /^=+ +([^=\s][^=]*) Corner *=+$/;
const COMMAND = /^(?:(.*\S)\s+)?report_[a-z_]+/;
const SPOKEN = /^(?:(?:%|>|openroad>|sta>|-+)\s*)?(?=report_[a-z])/;
const CONTENT =
  /^(?:Startpoint:|No paths found|(?:wns|tns|worst slack)\b|Clock |Group |max (?:slew|cap|fanout) )/;
/** Commands that always print something. */
const PRINTS = /report_(?:checks|wns|tns|worst_slack|power|design_area)\b/;

/** Follows the headings: `=== Slowest Corner ===`, `finish report_wns`, `report_checks -min`. */
export function placeReader() {
  const place: Place = { corner: null, stage: null, title: "", section: 0, awaits: false };
  let rule: "none" | "open" | "titled" = "none";
  const enter = (title: string) => {
    const command = COMMAND.exec(title);
    place.corner = null;
    place.stage = command?.[1] ?? (command ? null : place.stage);
    place.title = title;
    place.awaits = PRINTS.test(title);
    place.section++;
    return true;
  };
  return {
    place,
    /** True: the line is a heading. */
    heading(text: string): boolean {
      if (text.startsWith("===")) {
        const [, corner] = CORNER.exec(text) ?? [];
        if (corner) {
          place.corner = corner;
          place.awaits = PRINTS.test(place.title);
        }
        rule = RULE.test(text) && rule !== "titled" ? "open" : "none";
        place.section++;
        return true;
      }
      if (rule === "open" && !CONTENT.test(text)) {
        rule = "titled";
        return enter(text);
      }
      rule = "none";
      if (SPOKEN.test(text)) return enter(text.replace(SPOKEN, ""));
      place.awaits &&= text.startsWith("---");
      return false;
    },
  };
}

/** Whether the heading says that what follows is about hold. */
export const isHold = ({ title }: Place) => /[-_ (](?:min|hold)\b/i.test(title);

/** The place's columns of a row: none that the file does not name. */
export const placed = ({ corner, stage }: Pick<Place, "corner" | "stage">): Row => ({
  ...(corner !== null && { corner }),
  ...(stage !== null && { stage }),
});
