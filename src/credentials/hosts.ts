/** Whether a host is in the list: `grafana.example.com`, or `*.example.com` for every host below it. */
export function isListed(host: string, list: string[]): boolean {
  const name = host.toLowerCase();
  return list.some((entry) => {
    const wanted = entry.trim().toLowerCase();
    if (wanted === "") return false;
    return wanted.startsWith("*.") ? name.endsWith(wanted.slice(1)) : name === wanted;
  });
}
