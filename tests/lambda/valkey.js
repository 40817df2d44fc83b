// The connection settings, which are all that differs from the guide: there TLS, here plain. The guide copies VALKEY_HOST with
// or without its port.
const Redis = require('ioredis');

module.exports = () => {
    const [host, port] = process.env.VALKEY_HOST.split(':');
    return new Redis({ host, port: Number(port || process.env.VALKEY_PORT || 6379), password: process.env.VALKEY_AUTH_TOKEN });
};
