import type { z } from "@hono/zod-openapi";
import type { ListedUser } from "../../src/accounts/list.ts";
import type { Who } from "../../src/who.ts";
import type { RemovedUser } from "../../src/accounts/remove.ts";
import type { Again } from "../../src/http/forms.ts";
import { ChoiceField, TextField } from "../field.tsx";
import { Layout } from "../layout.tsx";
import { State, Time } from "../parts/show.tsx";
import { FilterBar, Form } from "../parts/form.tsx";
import { size, WorkspaceState } from "./workspace.tsx";
import { Head, NumberCell, Pager, Table } from "../parts/table.tsx";
import { PageTitle } from "../parts/page.tsx";

type User = z.infer<typeof ListedUser>;
type Props = {
  who: Who;
  users: User[];
  /** The current search, by field. */
  search: Again;
  /** Links to the first page, unless it is shown, and to the next. */
  first?: string | undefined;
  next?: string | undefined;
  creation?: Again | undefined;
};

export function Activity({ active }: { active: boolean }) {
  return <State mark={active ? "good" : "idle"} text={active ? "Active" : "Inactive"} />;
}

function Creation({ again }: { again: Again | undefined }) {
  return (
    <details class="card" open={again !== undefined}>
      <summary>
        <h2>New user</h2>
      </summary>
      <Form action="/users">
        <div class="entries">
          <TextField
            form="new"
            name="username"
            label="Username"
            hint="2 to 32 of a-z, 0-9, _ and -, beginning with a letter."
            maxlength={32}
            required
            again={again}
          />
          <ChoiceField
            form="new"
            name="role"
            label="Role"
            value="member"
            options={[["member", "Member"], ["admin", "Admin"]]}
            again={again}
          />
        </div>
        {again && (
          <label class="choice">
            <input
              type="checkbox"
              name="adopt"
              value="true"
              checked={again.typed.adopt === "true"}
            />
            Take over the databases that a former user of this name left
          </label>
        )}
        <button type="submit">Create user</button>
      </Form>
    </details>
  );
}

function Search({ again }: { again: Again }) {
  return (
    <FilterBar action="/users">
      <TextField
        form="search"
        name="q"
        label="Username begins with"
        type="search"
        maxlength={32}
        again={again}
      />
      <ChoiceField
        form="search"
        name="is_active"
        label="State"
        value=""
        options={[["", "All"], ["true", "Active"], ["false", "Inactive"]]}
        again={again}
      />
      <ChoiceField
        form="search"
        name="role"
        label="Role"
        value=""
        options={[["", "All"], ["admin", "Admin"], ["member", "Member"]]}
        again={again}
      />
      <ChoiceField
        form="search"
        name="workspace"
        label="Workspace"
        value=""
        options={[
          ["", "All"],
          ["ready", "Ready"],
          ["pending", "Creating"],
          ["failed", "Needs attention"],
        ]}
        again={again}
      />
    </FilterBar>
  );
}

const SIZE = { text: "Size", number: true };

function Rows({ users }: { users: User[] }) {
  return (
    <Table label="Users by name">
      <Head columns={["Username", "Role", "State", "Workspace", SIZE, "Since"]} />
      <tbody>
        {users.map(({ id, username, role, is_active, created_at, workspace, bytes }) => (
          <tr>
            <th scope="row">
              <a href={`/users/${id}`}>{username}</a>
            </th>
            <td>{role === "admin" ? "Admin" : "Member"}</td>
            <td>
              <Activity active={is_active} />
            </td>
            <td>{workspace ? <WorkspaceState state={workspace} /> : "None"}</td>
            <NumberCell>{size(bytes)}</NumberCell>
            <td>
              <Time at={created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

export function UsersPage({ who, users, search, first, next, creation }: Props) {
  return (
    <Layout title="Users" who={who}>
      <PageTitle text="Users" />
      <div class="stack">
        <Creation again={creation} />
        <section class="card">
          <Search again={search} />
          {users.length > 0 ? <Rows users={users} /> : (
            <p>
              No users match. <a href="/users">Show all users</a>
            </p>
          )}
          <Pager first={first} next={next} />
        </section>
      </div>
    </Layout>
  );
}

const FATES = {
  kept: "Its databases are kept, with roles that cannot log in.",
  dropped: "Its databases are dropped.",
  dropping: "The server has not dropped its databases yet. Retrying automatically.",
};

export function RemovedPage({ who, removed }: { who: Who; removed: z.infer<typeof RemovedUser> }) {
  const { username, databases } = removed;
  const fate = databases.timing ? FATES[databases.timing] : "It had no databases.";
  return (
    <Layout title={`${username} is removed`} who={who}>
      <section class="card narrow">
        <h1>{`${username} is removed`}</h1>
        <p>{fate}</p>
        <p>
          <a href="/users">To the users</a>
        </p>
      </section>
    </Layout>
  );
}
