"""What the end-to-end tests share: a server they may kill, doors to Kafka, Valkey, REST and WebSocket, and checks that count.

Standard library only; needs what ops/test gives a test (ops/lib/integration.sh). Every wait has a deadline."""
import base64, collections, json, os, re, select, signal, socket, struct, subprocess, sys, threading, time, urllib.error, urllib.request

SOURCE, RUN = os.environ["SHARDBOOK_SOURCE_DIR"], os.environ["SHARDBOOK_RUN_DIR"]
BIN = os.environ.get("SHARDBOOK_BIN_DIR") or SOURCE + "/build/release"
KAFKA = os.environ["SHARDBOOK_KAFKA"]
LONG = bool(os.environ.get("SHARDBOOK_LONG"))
ORDERS, PENDING, FILLS, DEAD = (os.environ[f"SHARDBOOK_{name}_TOPIC"] for name in ("ORDERS", "PENDING", "FILLS", "DEAD_LETTER"))
PARTITIONS = 10
checks = 0
began = time.monotonic()
servers = []


# ---------------------------------------------------------------- checks

def say(words):
    print(f"{time.monotonic() - began:6.1f} s  {words}", flush=True)


def fail(what, seen=""):
    seen = str(seen)
    print(f"FAILED: {what}: {seen if len(seen) < 6000 else seen[:3000] + ' ... ' + seen[-3000:]}", flush=True)
    for server in servers:
        print(f"--- the end of {server.log}\n{server.words()[-3000:]}")
    sys.exit(1)


def check(what, condition, seen=""):
    global checks
    checks += 1
    if not condition:
        fail(what, seen)


def equal(what, seen, wanted):
    check(what, seen == wanted, f"got {seen!r}, not {wanted!r}")


def eventually(what, find, seconds=30, every=0.1, seen=lambda: ""):
    """What `find` returns, as soon as it is true."""
    end = time.monotonic() + seconds
    while not (found := find()):
        if time.monotonic() > end:
            fail(what, f"not within {seconds} s {seen()}")
        time.sleep(every)
    global checks
    checks += 1
    return found


def done():
    for server in servers:
        server.stop()
    say(f"{checks} checks passed")


# ---------------------------------------------------------------- programs

def program(name):
    return f"{BIN}/{name}"


def run(*words, seconds=120, code=0, env=None):
    """Runs to the end; its standard output. Another exit code than `code` (None: any) fails the test."""
    done = subprocess.run([str(w) for w in words], capture_output=True, timeout=seconds, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL)
    if code is not None and done.returncode != code:
        fail(" ".join(str(w) for w in words), f"exit code {done.returncode}\n{done.stdout.decode(errors='replace')[-3000:]}{done.stderr.decode(errors='replace')[-3000:]}")
    return done.stdout.decode(errors="replace")


def stack(*words, **settings):
    run(SOURCE + "/ops/stack", *words, env={name.upper(): value for name, value in settings.items()})


def endpoints():
    with open(RUN + "/endpoints.json") as file:
        return json.load(file)


def pid_of(name):
    return endpoints()["pids"][name]


def start_load(orders, *options):
    """shardbook-load in the background; finish_load waits for it."""
    return subprocess.Popen([program("shardbook-load"), "--kafka", KAFKA, "--orders", str(orders), "--json", *[str(o) for o in options]],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


def finish_load(load, seconds=150):
    out, err = load.communicate(timeout=seconds)
    check("every order was acknowledged", load.returncode == 0, out.decode() + err.decode())
    return json.loads(out)


def load(orders, *options):
    return finish_load(start_load(orders, *options))


def verify(what, *options, timeout=60, repeats=True):
    """The reference book agrees with every event of topic fills."""
    words = [program("shardbook-verify"), "--kafka", KAFKA, "--json", "--timeout", timeout, *options] + ([] if repeats else ["--no-repeats"])
    found = subprocess.run([str(w) for w in words], capture_output=True, timeout=timeout + 120, stdin=subprocess.DEVNULL)
    check(f"{what}: shardbook-verify", found.returncode == 0, found.stdout.decode(errors="replace") + found.stderr.decode(errors="replace"))
    result = json.loads(found.stdout)
    events, orders = result["fills"], result["orders"]
    check(f"{what}: something was compared", events["matched"] == events["expected"] > 0, result)
    say(f"{what}: identical: {orders['records']} records, {events['matched']} events, {orders['trades']} trades, {events['repeats']} repeated")
    return result


class Server:
    """A shardbook-server of the test's own, on the port of ops/stack."""

    def __init__(self, *options, env=None, name="server"):
        self.options, self.env, self.log, self.process = [str(o) for o in options], env or {}, f"{name}.log", None
        self.port = int(os.environ["SHARDBOOK_WS_PORT"])
        open(self.log, "w").close()
        servers.append(self)

    def launch(self, *more):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen([program("shardbook-server"), "--kafka", KAFKA, "--listen", f"127.0.0.1:{self.port}", *self.options, *more],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **self.env})
        return self

    def start(self, seconds=60):
        """Starts it and waits until it is ready; how long that took."""
        before, start = self.words().count("\nready ") + self.words().startswith("ready "), time.monotonic()
        self.launch()
        while ("\n" + self.words()).count("\nready ") <= before:
            if self.process.poll() is not None or time.monotonic() > start + seconds:
                fail("the server gets ready", f"exit code {self.process.poll()}")
            time.sleep(0.02)
        return time.monotonic() - start

    def words(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def end(self, signal_number, seconds=30):
        self.process.send_signal(signal_number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            fail(f"the server ends after signal {signal_number}", f"still there after {seconds} s")

    def kill(self):
        self.end(signal.SIGKILL)

    def stop(self):
        if self.process and self.process.poll() is None:
            equal("exit code after SIGTERM", self.end(signal.SIGTERM), 0)

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) // 1024

    def metric(self, name):
        """Sum over all labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            rows = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", answer.read().decode(), re.M)
        check(f"metric {name} exists", rows)
        return sum(float(row) for row in rows)


# ---------------------------------------------------------------- Kafka

Record = collections.namedtuple("Record", "partition offset key headers value")


def records(topic, partition=None):
    """All records there are now; key and value are bytes, None if absent."""
    words = ["kcat", "-b", KAFKA, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%p %o %K %S %h\n%k%s\n"]
    out = subprocess.run(words + (["-p", str(partition)] if partition is not None else []), check=True, capture_output=True, timeout=120).stdout
    found, at = [], 0
    while at < len(out):
        end = out.index(b"\n", at)
        p, o, k, s, h = out[at:end].split(b" ", 4)
        headers = dict(part.split("=", 1) for part in h.decode(errors="replace").split(",")) if h else {}
        key_size, size, at = int(k), int(s), end + 1
        key, at = (out[at:at + key_size] if key_size >= 0 else None), at + max(key_size, 0)
        value, at = (out[at:at + size] if size >= 0 else None), at + max(size, 0) + 1
        found.append(Record(int(p), int(o), key, headers, value))
    return found


def events(topic=None, partition=None):
    """Every event of topic fills once, by symbol, in order."""
    by_symbol, last = collections.defaultdict(list), collections.Counter()
    for record in records(topic or FILLS, partition):
        event = json.loads(record.value)
        if event["fseq"] == last[event["symbol"]] + 1:
            last[event["symbol"]] += 1
            by_symbol[event["symbol"]].append(event)
    return by_symbol


def ends(*topics):
    """Records ever written, by topic."""
    found = {}
    for topic in topics:
        count = 1 if topic == DEAD else PARTITIONS
        words = ["kcat", "-b", KAFKA, "-Q", "-m", "20"] + [w for p in range(count) for w in ("-t", f"{topic}:{p}:-1")]
        out = run(*words, seconds=30)
        found[topic] = sum(int(n) for n in re.findall(r"offset (\d+)", out))
    return found


def produce(topic, partition, key, value, headers=()):
    """One record; value as bytes."""
    words = ["kcat", "-b", KAFKA, "-P", "-t", topic, "-p", str(partition), "-K", "\x1e", "-D", "\x1f"]
    words += [w for header in headers for w in ("-H", header)]
    subprocess.run(words, input=key + b"\x1e" + value, check=True, capture_output=True, timeout=30)


def make_topics(*options):
    run(program("shardbookctl"), "topics", "ensure", "--kafka", KAFKA, *options)


# ---------------------------------------------------------------- Valkey

class Valkey:
    def __init__(self):
        host, port = os.environ["SHARDBOOK_VALKEY"].rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), 10)
        self.socket.settimeout(30)
        self.file = self.socket.makefile("rwb")
        with open(os.environ["SHARDBOOK_VALKEY_PASSWORD_FILE"]) as file:
            self("AUTH", file.read().strip())

    def __call__(self, *words):
        words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.file.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        self.file.flush()
        return self.read()

    def read(self):
        line = self.file.readline()
        check("Valkey answers", line.endswith(b"\r\n"), line)
        kind, rest = line[:1], line[1:-2]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        check("Valkey says no error", kind != b"-", line)
        return int(rest) if kind == b":" else rest.decode()

    def hash(self, key):
        flat = self("HGETALL", key)
        return dict(zip(flat[::2], flat[1::2]))


def open_orders(history):
    """The orders that rest after a symbol's events: {orderId: {side, price, leaves, userId}}."""
    orders = {}
    for event in history:
        kind = event["type"]
        if kind == "ACCEPTED":
            orders[event["orderId"]] = {"side": event["side"], "price": event.get("price"), "leaves": int(event["leaves"]), "userId": event.get("userId")}
        elif kind == "FILL":
            for party in (event["taker"], event["maker"]):
                orders[party["orderId"]]["leaves"] = int(party["leaves"])
                if party["leaves"] == "0":
                    del orders[party["orderId"]]
        elif kind == "MODIFIED":
            orders[event["orderId"]].update(price=event["price"], leaves=int(event["leaves"]))
        elif kind in ("CANCELLED", "EXPIRED"):
            del orders[event["orderId"]]
    return orders


def depth_of(orders, levels=20):
    """{"b": [[price, quantity], ...], "a": ...} as depth:{S} has it."""
    totals = {"BUY": collections.Counter(), "SELL": collections.Counter()}
    for order in orders.values():
        totals[order["side"]][order["price"]] += order["leaves"]
    side = lambda name, best_first: [[p, str(q)] for p, q in sorted(totals[name].items(), key=lambda level: float(level[0]), reverse=best_first)][:levels]
    return {"b": side("BUY", True), "a": side("SELL", False)}


def valkey_difference(valkey, by_symbol):
    """The first thing in which Valkey is not what the events imply; "" if nothing. Streams may be trimmed to the newest."""
    for symbol, history in by_symbol.items():  # a quick look first, for who asks again and again
        fill = next((event for event in reversed(history) if event["type"] == "FILL"), None)
        if fill and not symbol.startswith("#") and valkey("HGET", f"last:{symbol}", "fseq") != str(fill["fseq"]):
            return f"last:{symbol} is not yet at event {fill['fseq']}"
    for symbol, history in by_symbol.items():
        if symbol.startswith("#"):
            continue
        fills = [event for event in history if event["type"] == "FILL"]
        orders = open_orders(history)
        depth = json.loads(valkey("GET", f"depth:{symbol}") or "{}")
        if {side: depth.get(side) for side in "ba"} != depth_of(orders):
            return f"depth:{symbol} is {depth}, not {depth_of(orders)}"
        stream = [json.loads(fields[1]) for _, fields in valkey("XRANGE", f"fills:{symbol}", "-", "+")]
        if stream != fills[len(fills) - len(stream):] or (fills and len(stream) < min(len(fills), 100)):
            return f"fills:{symbol} holds {len(stream)}, up to {stream[-1:]}, not {fills[-1:]}"
        if fills:
            wanted = {name: str(fills[-1][name]) for name in ("price", "quantity", "takerSide", "tradeId", "fseq", "timestamp")}
            if valkey.hash(f"last:{symbol}") != wanted:
                return f"last:{symbol} is {valkey.hash(f'last:{symbol}')}, not {wanted}"
        for order_id, order in orders.items():
            seen = valkey.hash(f"order:{order_id}")
            if (seen.get("symbol"), seen.get("leaves"), seen.get("price")) != (symbol, str(order["leaves"]), order["price"]):
                return f"order:{order_id} is {seen}, not {order}"
            if seen["status"] not in ("ACCEPTED", "PARTIALLY_FILLED"):
                return f"order:{order_id} rests and is {seen}"
    return ""


# ---------------------------------------------------------------- REST and WebSocket

def rest(method, path, body=None, key=True, seconds=15):
    """(status, JSON or text). key: True the demo's, None none, or a text."""
    data = body if body is None or isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    headers = {"content-type": "application/json"}
    if key:
        headers["x-api-key"] = endpoints()["apiKey"] if key is True else key
    request = urllib.request.Request(endpoints()["rest"] + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            status, text = answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read().decode()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, text


def order(symbol="AAPL", side="BUY", quantity=1, price="150.00", kind="LIMIT", **more):
    return json.dumps({"symbol": symbol, "side": side, "quantity": quantity, "price": price, "orderType": kind, **more})


class WebSocket:
    """A client by hand, so that it can also behave badly."""

    def __init__(self, port, path="/?userId=user123", receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(15)
        self.socket.connect(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.buffer, self.close_code, self.is_over = bytearray(), None, False
        head = b""
        while b"\r\n\r\n" not in head:
            part = self.socket.recv(4096)
            check("the upgrade is answered", part, head)
            head += part
        check("the upgrade is accepted", head.startswith(b"HTTP/1.1 101"), head)
        self.buffer += head.split(b"\r\n\r\n", 1)[1]

    def frame(self, opcode, payload):
        mask = os.urandom(4)
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0xfe]) + struct.pack(">H", len(payload))
        self.socket.sendall(bytes([0x80 | opcode]) + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def send(self, message):
        self.frame(1, (message if isinstance(message, str) else json.dumps(message)).encode())

    def take_frame(self):
        """(opcode, payload) of the first whole frame in the buffer, or None."""
        b = self.buffer
        if len(b) < 2:
            return None
        size, head = b[1] & 0x7f, 2
        if size == 126:
            size, head = (struct.unpack(">H", b[2:4])[0], 4) if len(b) >= 4 else (1 << 40, 4)
        elif size == 127:
            size, head = (struct.unpack(">Q", b[2:10])[0], 10) if len(b) >= 10 else (1 << 40, 10)
        if len(b) < head + size:
            return None
        opcode, payload = b[0] & 15, bytes(b[head:head + size])
        del b[:head + size]
        return opcode, payload

    def messages(self, seconds):
        """Messages as they come, until nothing came for so long or the connection ended."""
        while not self.is_over:
            found = self.take_frame()
            if found:
                opcode, payload = found
                if opcode == 1:
                    yield json.loads(payload)
                elif opcode == 8:
                    self.close_code, self.is_over = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None, True
                elif opcode == 9:
                    self.frame(10, payload)
            elif not select.select([self.socket], [], [], seconds)[0]:
                return
            else:
                try:
                    part = self.socket.recv(1 << 18)
                except ConnectionError:
                    part = b""
                self.buffer += part
                self.is_over = not part

    def collect(self):
        """Reads on in a thread of its own; `collected` is what came, `settled` waits until nothing more comes."""
        self.collected = []

        def read():
            while not self.is_over:
                self.collected.extend(self.messages(0.5))
        threading.Thread(target=read, daemon=True).start()

    def settled(self, seconds=2):
        while (count := len(self.collected)) >= 0:
            time.sleep(seconds)
            if len(self.collected) == count:
                return self.collected

    def expect(self, what, seconds=10, **members):
        """The next message with these members."""
        end = time.monotonic() + seconds
        seen = []
        for message in self.messages(seconds):
            if all(message.get(name) == value for name, value in members.items()):
                global checks
                checks += 1
                return message
            seen.append(message)
            if time.monotonic() > end:
                break
        fail(what, f"no message with {members}, only {seen[-5:]}")
