// The guide's order router, with its faults: it looks only whether the members are truthy, copies every member that the
// client sent, answers 500 to malformed JSON, and does not tell the order's id. It must work with our server unchanged.
const kafka = require('./kafka')();
const valkey = require('./valkey')();

const producer = kafka.producer();
let connected = false;

const answer = (statusCode, body) => ({
    statusCode,
    headers: { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' },
    body: JSON.stringify(body),
});

exports.handler = async (event) => {
    try {
        if (!connected) {
            await producer.connect();
            connected = true;
        }
        const order = JSON.parse(event.body);
        const { symbol, side, quantity, price, orderType } = order;
        if (!symbol || !side || !quantity || !price || !orderType) {
            return answer(400, { error: 'Missing required fields' });
        }

        const routeInfo = await valkey.get(`route:${symbol}`);
        const route = routeInfo ? JSON.parse(routeInfo) : { status: 'ACTIVE' };
        const topic = route.status === 'MIGRATING' ? 'pending-orders' : process.env.ORDERS_TOPIC || 'orders';

        await producer.send({
            topic: topic === 'pending-orders' ? process.env.PENDING_ORDERS_TOPIC || topic : topic,
            messages: [{
                key: symbol,
                value: JSON.stringify({
                    ...order,
                    timestamp: Date.now(),
                    orderId: `${Date.now()}-${Math.random().toString(36).substr(2, 9)}`,
                }),
            }],
        });
        return answer(200, { message: 'Order accepted', topic, symbol });
    } catch (error) {
        console.error('Error:', error);
        return answer(500, { error: 'Internal server error' });
    }
};

// Lambda freezes the process; a test ends it.
exports.end = async () => {
    await producer.disconnect();
    valkey.disconnect();
};
