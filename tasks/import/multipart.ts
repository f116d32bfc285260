const utf8 = new TextEncoder();
const quoted = (name: string) =>
  name.replace(/["\r\n]/g, (character) => encodeURIComponent(character));

async function* parts(files: { name: string; file: Deno.FsFile }[], boundary: string) {
  for (const { name, file } of files) {
    yield utf8.encode(
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${
        quoted(name)
      }"\r\n\r\n`,
    );
    yield* file.readable;
    yield utf8.encode("\r\n");
  }
  yield utf8.encode(`--${boundary}--\r\n`);
}

/** The files as the body of a form, read as it is taken. Throws Deno's errors. */
export async function multipart(paths: string[]) {
  const files: { name: string; file: Deno.FsFile }[] = [];
  for (const path of paths) {
    const { isFile } = await Deno.stat(path);
    if (!isFile) throw new Deno.errors.IsADirectory(`${path} is not a file.`);
    const file = await Deno.open(path);
    files.push({ name: path.split("/").at(-1)!, file });
  }
  const boundary = `dashkeeper-${crypto.randomUUID()}`;
  return {
    body: ReadableStream.from(parts(files, boundary)) as ReadableStream<Uint8Array>,
    content_type: `multipart/form-data; boundary=${boundary}`,
  };
}
