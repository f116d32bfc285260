import { match, ok, strictEqual as equal } from "node:assert/strict";
import { Form, PostButton } from "../../views/parts/form.tsx";
import { PageContext } from "../../views/parts/page.tsx";
import { Progress, Sparkline } from "../../views/parts/show.tsx";
import { Pager } from "../../views/parts/table.tsx";

Deno.test("Sparkline() draws known values from edge to edge, in words for who cannot see it", () => {
  const text = String(<Sparkline values={[1, null, 3]} label="Area, rising from 1 to 3" />);
  match(text, /^<svg class="spark" .*role="img" aria-label="Area, rising from 1 to 3"/);
  match(text, /d="M2\.0 22\.0L98\.0 2\.0"/);
  match(String(<Sparkline values={[5, 5]} label="x" />), /d="M2\.0 12\.0L98\.0 12\.0"/);
  equal(String(<Sparkline values={[null, 7]} label="one value is no course" />), "");
});

Deno.test("Form() and PostButton() carry the token of their page", () => {
  const page = {
    asset: (name: string) => name,
    modules: [],
    theme: undefined,
    form_token: "a.b",
    address: "/",
    mayChange: () => true,
    pages: new Set<string>(),
  };
  const Both = () => (
    <>
      <Form action="/a">x</Form>
      <PostButton action="/b" text={`"><script>`} fields={{ name: `"><script>` }} confirm="Sure?" />
    </>
  );
  const text = String(
    <PageContext.Provider value={page}>
      <Both />
    </PageContext.Provider>,
  );
  equal(text.match(/<form method="post" action="\/[ab]"/g)?.length, 2);
  equal(text.match(/<input type="hidden" name="form_token" value="a.b"/g)?.length, 2);
  ok(!text.includes("<script>") && text.includes('data-confirm="Sure?"'));
});

Deno.test("Pager() leads to the next page and back to the first; Progress() says what is done", () => {
  equal(String(<Pager />), "");
  match(String(<Pager first="/a" next="/b" />), /href="\/a".*href="\/b" rel="next"/);
  match(
    String(<Progress text="Copying" done={0.5} />),
    /<progress value="0\.5" max="1" aria-label/,
  );
  ok(!String(<Progress text="Copying" />).includes("value="));
});
