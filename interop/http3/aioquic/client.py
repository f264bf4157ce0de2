"""An HTTP/3 client on aioquic; see ../../README.md for what it reads and prints."""

import asyncio
import json
import sys

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, StreamReset


class Client(QuicConnectionProtocol):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.http = H3Connection(self._quic)
        self.answers = {}

    def ask(self, host, request):
        stream = self._quic.get_next_available_stream_id()
        headers = [
            (b":method", request["method"].encode()),
            (b":scheme", b"https"),
            (b":authority", host.encode()),
            (b":path", request["path"].encode()),
        ]
        headers += [(name.lower().encode(), value.encode()) for name, value in request["headers"]]
        body = b"x" * request["body"]
        self.answers[stream] = (asyncio.get_running_loop().create_future(), {"length": 0})
        self.http.send_headers(stream, headers, end_stream=not body)
        if body:
            self.http.send_data(stream, body, end_stream=True)
        self.transmit()
        return self.answers[stream][0]

    def quic_event_received(self, event):
        if isinstance(event, (ConnectionTerminated, StreamReset)):
            for future, _ in self.answers.values():
                if not future.done():
                    future.set_exception(RuntimeError(repr(event)))
        for event in self.http.handle_event(event):
            if not isinstance(event, (HeadersReceived, DataReceived)) or event.stream_id not in self.answers:
                continue
            future, answer = self.answers[event.stream_id]
            if isinstance(event, HeadersReceived):
                fields = dict(event.headers)
                if b":status" in fields:
                    answer["status"] = int(fields[b":status"])
                    answer["revision"] = fields.get(b"x-revision", b"").decode()
            else:
                answer["length"] += len(event.data)
            if event.stream_ended and not future.done():
                future.set_result(answer)


async def main():
    address, ca_file, host = sys.argv[1:]
    ip, port = address.rsplit(":", 1)
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name=host)
    configuration.load_verify_locations(ca_file)
    async with connect(ip, int(port), configuration=configuration, create_protocol=Client) as client:
        for line in sys.stdin:
            answer = await asyncio.wait_for(client.ask(host, json.loads(line)), 30)
            print(json.dumps(answer), flush=True)


asyncio.run(main())
