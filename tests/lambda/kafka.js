// The connection settings, which are all that differs from the guide: there TLS and IAM, here plain.
const { Kafka } = require('kafkajs');

module.exports = () => new Kafka({
    clientId: 'order-router',
    brokers: process.env.MSK_BOOTSTRAP_SERVERS.split(','),
});
