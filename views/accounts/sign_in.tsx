import { Layout } from "../layout.tsx";
import { Form } from "../parts/form.tsx";

/** `next`: the path to open afterwards; `fault`: why the last attempt failed. */
export function SignInPage({ next, fault }: { next: string; fault?: string | undefined }) {
  return (
    <Layout title="Sign in">
      <Form class="card narrow" action="/sign-in">
        <h1>Sign in</h1>
        {fault && <p class="fault" role="alert">{fault}</p>}
        <label>
          API key
          <input
            type="password"
            name="api_key"
            autocomplete="current-password"
            required
            autofocus
          />
        </label>
        <input type="hidden" name="next" value={next} />
        <button type="submit">Sign in</button>
        <p class="hint">
          Your admin gave you the key when your user was made. It begins with <code>dk_</code>.
        </p>
      </Form>
    </Layout>
  );
}

/** A click, so that programs that only look at a link do not use it up. */
export function SignInLinkPage({ link }: { link: string }) {
  return (
    <Layout title="Sign in">
      <Form class="card narrow" action="/sign-in">
        <h1>Sign in</h1>
        <p>This link signs you in once, without the API key.</p>
        <input type="hidden" name="link" value={link} />
        <button type="submit" autofocus>Sign in</button>
      </Form>
    </Layout>
  );
}
