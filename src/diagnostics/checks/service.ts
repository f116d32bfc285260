import { statusOf } from "../../external/date.ts";
import { type Check, failed, ok, warning } from "../check.ts";

export const service: Check = {
  name: "Service",
  group: "service",
  docs: "service",
  async run({ diagnosis: { service_url } }, signal) {
    if (!service_url) return ok("The service answers this request.");
    const live = await statusOf(`${service_url}/livez`, signal);
    if (!live) {
      return failed(
        `Nothing answers at ${service_url}/livez: the service does not run.`,
        "Start it (`systemctl start dashkeeper`, or `deno task start`) and read the first lines that it writes.",
      );
    }
    if (live.status !== 200 || !live.dashkeeper) {
      return failed(
        `Another program answers at ${service_url}.`,
        "Find it with `ss -ltnp`, and stop it or set PORT to another port.",
      );
    }
    const ready = await statusOf(`${service_url}/readyz`, signal);
    if (ready?.status === 200) return ok(`The service at ${service_url} is ready.`);
    return warning(
      `The service at ${service_url} runs but is not ready.`,
      `See the failed checks below, and what \`curl ${service_url}/readyz\` gives as the reason.`,
    );
  },
};
