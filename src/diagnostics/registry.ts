import type { Check, Family } from "./check.ts";
import { browser } from "./checks/browser.ts";
import { clock } from "./checks/clock.ts";
import { configuration } from "./checks/configuration.ts";
import { disk } from "./checks/disk.ts";
import { grafana } from "./checks/grafana.ts";
import { jobs } from "./checks/jobs.ts";
import { migrations } from "./checks/migrations.ts";
import { queue } from "./checks/queue.ts";
import { sealKey } from "./checks/seal_key.ts";
import { database, otherServers } from "./checks/servers.ts";
import { service } from "./checks/service.ts";
import { otherSlacks, slack } from "./checks/slack.ts";
import { socketMode } from "./checks/socket_mode.ts";
import { sources } from "./checks/sources.ts";
import { workspaces } from "./checks/workspaces.ts";

/** Every check, in the order in which people read them. */
export const CHECKS: (Check | Family)[] = [
  ...[configuration, service],
  ...database,
  ...[migrations, otherServers, ...workspaces],
  ...[...grafana, sources],
  ...[...slack, otherSlacks, socketMode],
  ...browser,
  ...[sealKey, clock, jobs],
  ...queue,
  ...disk,
];
