// How Chromium is started, for the run and for a file that is run by itself.
export const launch = {
  executablePath: process.env.COUNTERSIGN_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
};
