/** What may follow code: a comment, a string, a template's start, a brace, or a regular expression. */
const TOKEN =
  /(?<comment>\/\/.*|\/\*[^]*?(?:\*\/|$))|(?<quoted>"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?)|(?<=(?:^|[(,=:[!&|?{;]|=>|\breturn)\s*)(?<regex>\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/)|[`{}]/g;
const TEMPLATE_TEXT = /(?:\\[^]|\$(?!\{)|[^`\\$])*/y;

/** The text with comments blanked and strings emptied, each character where it was. */
export function codeOnly(text: string): string {
  let code = "";
  const holes: number[] = []; // for each template that is open: braces open inside its ${ }
  while (code.length < text.length) {
    TOKEN.lastIndex = code.length;
    const match = TOKEN.exec(text);
    if (!match) return code + text.slice(code.length);
    const [token] = match;
    code += text.slice(code.length, match.index);
    if (match.groups!.comment !== undefined) code += blank(token);
    else if (token.length > 1) code += token[0] + blank(token.slice(1, -1)) + token.at(-1);
    else {
      code += token;
      if (token === "{" && holes.length) holes[holes.length - 1]!++;
      if (token === "`") holes.push(0);
      const closesHole = token === "}" && holes.length > 0 && holes[holes.length - 1]!-- === 0;
      if (token === "`" || closesHole) code = passTemplateText(text, code, holes);
    }
  }
  return code;
}

/** Goes on to the next `${` of the innermost template, or past its end. */
function passTemplateText(text: string, code: string, holes: number[]): string {
  TEMPLATE_TEXT.lastIndex = code.length;
  code += blank(TEMPLATE_TEXT.exec(text)![0]);
  if (text.startsWith("${", code.length)) {
    holes[holes.length - 1] = 0;
    return code + "${";
  }
  holes.pop();
  return code + text.slice(code.length, code.length + 1);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
