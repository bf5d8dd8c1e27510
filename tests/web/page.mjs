// node page.mjs URL FOLDER PATH...: open URL/docs in Chromium and try each GET PATH there, as somebody
// who reads it would. Leaves screenshots in FOLDER. Prints one JSON object: what was seen, and
// everything that should not have been.
import { chromium } from "playwright-core";

const [url, folder, ...paths] = process.argv.slice(2);
const seen = { errors: [], hosts: [], title: "", tried: [] };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"], // the page is our own
});

const watch = (page) => {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) seen.errors.push(message.text());
  });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("requestfailed", (request) => seen.errors.push(`failed: ${request.url()}`));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== "data:" && !seen.hosts.includes(host)) seen.hosts.push(host);
  });
  return page;
};

const open = async (viewport, colorScheme) => {
  const context = await browser.newContext({ viewport, colorScheme, serviceWorkers: "block" });
  const page = watch(await context.newPage());
  await page.goto(`${url}/docs`);
  await page.locator(".opblock").first().waitFor();
  return page;
};

// Open the operation, execute it, and tell what it answered.
const attempt = async (page, path) => {
  const operation = page
    .locator(".opblock-get")
    .filter({ has: page.locator(`.opblock-summary-path[data-path=${JSON.stringify(path)}]`) });
  await operation.locator(".opblock-summary-control").click();
  await operation.locator("button.execute").click();
  const live = operation.locator(".live-responses-table .response").first();
  await live.waitFor();
  const tried = {
    path,
    request: await operation.locator(".request-url pre").innerText(),
    status: await live.locator(".response-col_status").innerText(),
    body: await live.locator(".highlight-code, .microlight").first().innerText(),
  };
  seen.tried.push(tried);
  await operation.locator("button.tablinks", { hasText: "Schema" }).first().click();
  return live;
};

const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

try {
  const wide = await open({ width: 1280, height: 800 }, "light");
  seen.title = await wide.title();
  await wide.screenshot({ path: `${folder}/docs-1280x800.png` });
  for (const path of paths) {
    await attempt(wide, path);
  }
  await wide.screenshot({ path: `${folder}/docs-1280x800-tried.png` });

  const narrow = await open({ width: 390, height: 844 }, "dark");
  await narrow.screenshot({ path: `${folder}/docs-390x844.png` });
  const live = await attempt(narrow, paths[0]);
  await live.scrollIntoViewIfNeeded();
  await narrow.screenshot({ path: `${folder}/docs-390x844-tried.png` });
  seen.overflow = await overflow(narrow);
} catch (error) {
  seen.errors.push(String(error));
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
