// The guide's handler of $disconnect. (It leaves the connection in symbol:{S}:subscribers.)
const valkey = require('./valkey')();

exports.handler = async (event) => {
    const connectionId = event.requestContext.connectionId;
    const connection = await valkey.get(`ws:${connectionId}`);
    if (connection) {
        const { userId } = JSON.parse(connection);
        await valkey.srem(`user:${userId}:connections`, connectionId);
        await valkey.del(`ws:${connectionId}`);
    }
    return { statusCode: 200, body: 'Disconnected' };
};

exports.end = async () => valkey.disconnect();
