import type { Page } from "puppeteer-core";

/** Adds up what crosses the network, compressed and with headers, from now on. */
export async function countBytes(page: Page) {
  const session = await page.createCDPSession();
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await session.send("Network.enable");
  return {
    /** The bytes since the last call. */
    take() {
      const taken = bytes;
      bytes = 0;
      return taken;
    },
  };
}
