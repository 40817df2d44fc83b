// Calls a handler with each event of standard input (one JSON text a line) and prints each answer on a line.
const { handler, end } = require(`./${process.argv[2]}`);

(async () => {
    const lines = require('readline').createInterface({ input: process.stdin });
    for await (const line of lines) {
        console.log(JSON.stringify(await handler(JSON.parse(line))));
    }
    await end();
})();
