// The guide's handler of {"action":"subscribe","symbols":[...]}.
const valkey = require('./valkey')();

exports.handler = async (event) => {
    const connectionId = event.requestContext.connectionId;
    const { symbols } = JSON.parse(event.body);
    for (const symbol of symbols) {
        await valkey.sadd(`symbol:${symbol}:subscribers`, connectionId);
    }
    return { statusCode: 200, body: JSON.stringify({ message: 'Subscribed', symbols }) };
};

exports.end = async () => valkey.disconnect();
