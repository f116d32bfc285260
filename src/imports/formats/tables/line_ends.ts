import type { Parser } from "../format.ts";

/** Passes text on without its byte order mark, CRLF and CR as LF. */
export function withLineFeeds(next: Parser): Parser {
  let isFirst = true;
  let held = "";
  return {
    write(piece) {
      if (!piece) return;
      let text = held + piece;
      held = "";
      if (isFirst && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
      isFirst = false;
      if (text.endsWith("\r")) {
        held = "\r";
        text = text.slice(0, -1);
      }
      next.write(text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text);
    },
    end() {
      if (held) next.write("\n");
      next.end();
    },
  };
}
