// npm's ws as a hub: each message of the client is answered by what a line on stdin says.
const { WebSocketServer } = require("ws");
const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: true });
const say = (what) => console.log(JSON.stringify(what));
server.on("listening", () => say({ port: server.address().port }));
server.on("connection", (socket) => {
  socket.on("message", (data, binary) => {
    const text = data.toString();
    say({ text, binary });
    if (text.includes('"protocol"')) {
      socket.send("{}\x1e");
      const record = JSON.stringify({ type: 1, target: "T", arguments: ["\u00e4".repeat(100000)] }) + "\x1e";
      for (let at = 0; at < record.length; at += 9999) {
        socket.send(record.slice(at, at + 9999), { fin: at + 9999 >= record.length });
        socket.ping("p" + at);
      }
      socket.send(Buffer.from('{"type":1,"target":"T","arguments":["last"]}\x1e'), { binary: true });
    }
  });
  socket.on("pong", (data) => say({ pong: data.toString() }));
  socket.on("close", (code) => say({ closed: code }));
  socket.on("error", (error) => say({ error: String(error) }));
});
