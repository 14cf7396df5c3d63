// Drives an engine with Sabaki's own GTP client, the way Sabaki does, and prints what it got.
import { createRequire } from "node:module";

const require = createRequire(process.env.SABAKI_GTP_FROM + "/");
const { Controller } = require("@sabaki/gtp");
const [path, ...args] = process.argv.slice(2);
const controller = new Controller(path, args);
controller.start();

const send = async (name, ...words) => {
  const response = await controller.sendCommand({ name, args: words });
  return { name, error: response.error, content: response.content };
};
const heard = [];
const burst = [send("name"), send("version"), send("protocol_version"), send("list_commands")];
heard.push(...(await Promise.all(burst)));
heard.push(...(await Promise.all([send("komi", "6.5"), send("boardsize", "9"), send("clear_board")])));
heard.push(await send("time_settings", "0", "2", "1"));
const moves = ["E5", "C3", "G7", "pass", "C7"];
heard.push(
  ...(await Promise.all(moves.map((move, ply) => send("play", ply % 2 ? "W" : "B", move)))),
);
const infos = [];
const analysis = controller.sendCommand({ name: "lz-analyze", args: ["W", "5"] }, ({ line }) => {
  if (line.startsWith("info ")) infos.push(line);
});
await new Promise((resolve) => setTimeout(resolve, 1500));
const stopped = Date.now();
heard.push(await send("protocol_version"));
const waited = Date.now() - stopped;
await analysis;
let played = "";
await controller.sendCommand({ name: "lz-genmove_analyze", args: ["W", "5"] }, ({ line }) => {
  if (line.startsWith("play ")) played = line;
});
heard.push(await send("genmove", "B"));
heard.push(await send("undo"));
await controller.stop(3000);
console.log(JSON.stringify({ heard, infos, waited, played }));
