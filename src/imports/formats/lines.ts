import { ParseError, type Parser } from "./format.ts";

/** In UTF-16 units: a report's longest real line is a few kilobytes. */
export const LONGEST_LINE = 1 << 20;

type OnLine = (line: string, number: number) => void;

/**
 * Calls `onLine` with each line without its end (LF or CRLF), `onEnd` with the number of lines and
 * whether the last one has an end.
 */
export function lines(
  onLine: OnLine,
  onEnd: (count: number, isEnded: boolean) => void = () => {},
): Parser {
  let rest = "";
  let count = 0;
  const pass = (line: string) => {
    count++;
    if (line.length > LONGEST_LINE) throw tooLong(count);
    if (count === 1 && line.charCodeAt(0) === 0xfeff) line = line.slice(1);
    onLine(line.charCodeAt(line.length - 1) === 13 ? line.slice(0, -1) : line, count);
  };
  return {
    write(text) {
      let from = 0;
      for (let to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
        const line = text.slice(from, to);
        from = to + 1;
        if (!rest) {
          pass(line);
          continue;
        }
        const whole = rest + line;
        rest = "";
        pass(whole);
      }
      rest += text.slice(from);
      if (rest.length > LONGEST_LINE) throw tooLong(count + 1);
    },
    end() {
      if (rest) pass(rest);
      onEnd(count, rest === "");
    },
  };
}

const tooLong = (line: number) =>
  new ParseError("The line is longer than 1 MiB: this is not a text report.", line);

/** Takes away the indentation of the first line with text from all lines: a pasted block. */
export function dedent(onLine: OnLine): OnLine {
  let indent: string | null = null;
  return (line, number) => {
    if (indent === null && line.trim() !== "") indent = /^[ \t]*/.exec(line)![0];
    onLine(indent && line.startsWith(indent) ? line.slice(indent.length) : line, number);
  };
}
