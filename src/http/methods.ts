/**
 * Which methods an address takes, from the paths of the OpenAPI document (`/users/{id}`). None: there
 * is no such address.
 */
export function allowedMethods(paths: Record<string, object>): (path: string) => string[] {
  const known = Object.entries(paths).map(([path, item]) => ({
    pattern: new RegExp(`^${path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`),
    methods: Object.keys(item).filter((key) => /^(get|post|put|patch|delete)$/.test(key)),
  }));
  return (path) => {
    const methods = known.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) =>
      methods
    );
    return [...new Set(methods.map((method) => method.toUpperCase()))].sort();
  };
}
