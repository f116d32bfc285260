/** Gives its forms the token of the page. */
const HOME = "views/parts/form.tsx";
/** A form that changes something, or a button that makes one of another form. */
const CHANGES = /<form\b[^<]*?\bmethod=(?!\{?["'`](?:get|dialog)["'`])|\bformmethod=/gi;

/** Forms of a page that would be sent without the form token. */
export function checkForms(path: string, text: string): string[] {
  if (!/^(?:src|views)\/.*\.tsx?$/.test(path) || path === HOME) return [];
  return [...text.matchAll(CHANGES)].map(({ index }) => {
    const line = text.slice(0, index).split("\n").length;
    return `line ${line}: a form that changes something is a <Form> or <PostButton> of ${HOME}`;
  });
}
