// The guide's handler of $connect.
const valkey = require('./valkey')(); // the guide uses a client here that it never makes

exports.handler = async (event) => {
    const connectionId = event.requestContext.connectionId;
    const userId = event.queryStringParameters?.userId || 'anonymous';
    await valkey.set(`ws:${connectionId}`, JSON.stringify({ userId, connectedAt: Date.now() }), 'EX', 86400);
    await valkey.sadd(`user:${userId}:connections`, connectionId);
    return { statusCode: 200, body: 'Connected' };
};

exports.end = async () => valkey.disconnect();
