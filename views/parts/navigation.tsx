import type { Who } from "../../src/who.ts";
import { usePage } from "./page.tsx";

/** All pages of the navigation, and who sees them; a page that is not mounted is left out. */
const PAGES: { path: string; text: string; members: boolean }[] = [
  { path: "/", text: "Overview", members: true },
  { path: "/dashboards", text: "Dashboards", members: true },
  { path: "/imports", text: "Imports", members: true },
  { path: "/users", text: "Users", members: false },
  { path: "/templates", text: "Templates", members: true },
  { path: "/audit", text: "Audit", members: false },
  { path: "/diagnosis", text: "Diagnosis", members: false },
  { path: "/api", text: "API", members: true },
];

export function Navigation({ role }: Pick<Who, "role">) {
  const { pages, address } = usePage();
  const shown = PAGES.filter(({ path, members }) =>
    pages.has(path) && (members || role === "admin")
  );
  const here = address.split("?")[0]!;
  const isHere = (path: string) => here === path || (path !== "/" && here.startsWith(`${path}/`));
  return (
    <nav aria-label="Pages of Dashkeeper">
      {shown.map(({ path, text }) => (
        <a href={path} aria-current={isHere(path) ? "page" : undefined}>{text}</a>
      ))}
    </nav>
  );
}
