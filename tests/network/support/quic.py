"""quic.py serve FOLDER: echoes a line of each stream, in capitals, on 9.9.9.10 and 9.9.9.11, UDP 8443.
quic.py ADDRESS CERTIFICATE TEXT: says TEXT there and prints the answer, or that there was none."""

import asyncio
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect, serve
from aioquic.quic.configuration import QuicConfiguration


async def answer(reader, writer):
    writer.write((await reader.readline()).upper())
    writer.write_eof()


def on_stream(reader, writer):
    asyncio.ensure_future(answer(reader, writer))


async def run_server(folder):
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["echo"])
    configuration.load_cert_chain(f"{folder}/certificate.pem", f"{folder}/key.pem")
    for address in ("9.9.9.10", "9.9.9.11"):
        await serve(address, 8443, configuration=configuration, stream_handler=on_stream)
    print("serving", flush=True)
    await asyncio.Event().wait()


async def ask(address, certificate, text):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=["echo"], server_name="api.test")
    configuration.load_verify_locations(certificate)
    try:
        async with asyncio.timeout(5):
            async with connect(address, 8443, configuration=configuration, local_port=0) as client:
                reader, writer = await client.create_stream()
                writer.write(f"{text}\n".encode())
                print((await reader.readline()).decode(), end="")
    except (ConnectionError, OSError, TimeoutError) as error:
        print(f"none: {type(error).__name__}")


if sys.argv[1] == "serve":
    asyncio.run(run_server(sys.argv[2]))
else:
    asyncio.run(ask(*sys.argv[1:]))
