// Microsoft's own client against a hub: node client.js URL TOKEN SKIP COUNT; a line of JSON for each thing that it sees.
const signalR = require("@microsoft/signalr");
const [url, token, skip, count] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));
const options = { accessTokenFactory: () => token };
if (skip === "skip") {
  options.skipNegotiation = true;
  options.transport = signalR.HttpTransportType.WebSockets;
}
const hub = new signalR.HubConnectionBuilder()
  .withUrl(url, options)
  .configureLogging(signalR.LogLevel.None)
  .withAutomaticReconnect([50, 50, 50])
  .build();
hub.serverTimeoutInMilliseconds = 2000;
hub.keepAliveIntervalInMilliseconds = 200;
let quotes = 0;
let sum = 0;
hub.on("GatewayQuote", (id, quote) => {
  quotes += 1;
  sum += quote.volume;
  if (quotes === Number(count)) say({ quotes, sum });
});
hub.onreconnecting((error) => say({ reconnecting: String(error) }));
hub.onreconnected(() => say({ reconnected: true }));
hub.onclose((error) => { say({ closed: String(error) }); process.exit(0); });
process.stdin.on("data", async (data) => {
  for (const line of data.toString().trim().split("\n")) {
    const [target, ...args] = JSON.parse(line);
    try {
      if (target === "stop") await hub.stop();
      else say({ result: await hub.invoke(target, ...args) });
    } catch (error) { say({ failed: String(error) }); }
  }
});
hub.start().then(() => say({ started: true }), (error) => { say({ failed: String(error) }); process.exit(1); });
