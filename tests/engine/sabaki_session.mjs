// Drives an engine with Sabaki's own GTP client, the way Sabaki does, and prints what it got.
import { createRequire } from "node:module";

const require = createRequire(process.env.SABAKI_GTP_FROM + "/");
const { Controller, ControllerStateTracker } = require("@sabaki/gtp");
const [path, ...args] = process.argv.slice(2);
const controller = new Controller(path, args);
const tracker = new ControllerStateTracker(controller);
const heard = [];
controller.on("response-received", ({ command, response }) => {
  const line = [command.name, ...command.args].join(" ");
  heard.push({ line, error: response.error, content: response.content });
});
controller.start();

const send = (line, subscriber) => {
  const [name, ...words] = line.split(" ");
  return controller.sendCommand({ name, args: words }, subscriber);
};
const plays = (moves) =>
  moves.split(" ").map((move, ply) => ({ name: "play", args: [ply % 2 ? "W" : "B", move] }));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const DEADLINE_MS = 30000;

// Analysis as F4 starts it; any command of Sabaki's ends it, protocol_version if none is due.
const analyze = async (command, wanted) => {
  const lines = [];
  const reply = send(command, ({ line }) => lines.push(line));
  const started = Date.now();
  while (lines.length <= wanted && Date.now() - started < DEADLINE_MS) await pause(10);
  const asked = Date.now();
  await send("protocol_version");
  await reply;
  return { command, lines, waited: Date.now() - asked };
};

// Attach, in one burst; then a game with its settings, and steps back and forth in it.
await Promise.all(["name", "version", "protocol_version", "list_commands"].map((x) => send(x)));
await send("time_settings 0 1 1");
await tracker.sync({ komi: 6.5, boardsize: [9, 9], history: plays("E5 C3 G7 pass C7 G3") });
const analyses = [await analyze("lz-analyze B 10", 5)];
await tracker.sync({ history: plays("E5 C3 G7 pass D2") });
analyses.push(await analyze("lz-analyze W 10", 2));
await tracker.sync({ history: plays("G7 C3") });

// Moves with analysis: the tracker takes the move from the line that begins with "play ".
const lines = [];
await send("lz-genmove_analyze B 10", ({ line }) => lines.push(line));
await send("genmove W");
await pause(50);
const played = tracker.state.history.map(({ args }) => args.join(" "));
await send("showboard");

// A whole game in one burst, as it is opened from a file.
const far = [];
for (let row = 1; row <= 9; row++) for (const column of "ACEGJ") far.push(column + row);
await tracker.sync({ komi: 7.5, history: plays(far.join(" ")) });
const stones = { name: "set_free_handicap", args: ["G7", "C3", "E5"] };
await tracker.sync({ history: [stones, { name: "play", args: ["W", "D4"] }] });
const started = Date.now();
await Promise.race([controller.stop(3000), pause(5000)]);
const ended = { process: controller.process === null, waited: Date.now() - started };
console.log(JSON.stringify({ heard, analyses, lines, played, ended }));
