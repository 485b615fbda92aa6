"""The transfer of `benchmarks.transfer` in ns-3 (C++ core, driven from Python).

    python ns3_transfer.py MEGABYTES [LOSS]     -> one line of JSON

Run by `benchmarks.peers.__main__` with the Python of an environment of its own.  Only the running
of the simulation is measured: loading ns-3 takes seconds, building the world next to nothing.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from time import process_time

from ns import ns

PORT, MSS, WINDOW = 80, 1448, 262_144


def main(megabytes: int, loss: float) -> None:
    size = megabytes * 1_000_000
    config = ns.Config.SetDefault
    config("ns3::TcpSocket::SegmentSize", ns.UintegerValue(MSS))
    config("ns3::TcpSocket::RcvBufSize", ns.UintegerValue(WINDOW))
    config("ns3::TcpSocket::SndBufSize", ns.UintegerValue(4 * WINDOW))
    config("ns3::TcpSocket::InitialCwnd", ns.UintegerValue(10))
    config("ns3::TcpSocketBase::Sack", ns.BooleanValue(True))
    config("ns3::TcpSocketBase::Timestamp", ns.BooleanValue(True))
    config("ns3::TcpSocketBase::WindowScaling", ns.BooleanValue(True))
    config("ns3::TcpL4Protocol::SocketType", ns.TypeIdValue(ns.TcpCubic.GetTypeId()))
    nodes = ns.NodeContainer()
    nodes.Create(2)
    link = ns.PointToPointHelper()
    link.SetDeviceAttribute("DataRate", ns.StringValue("100Mbps"))
    link.SetDeviceAttribute("Mtu", ns.UintegerValue(1500))
    link.SetChannelAttribute("Delay", ns.StringValue("10ms"))
    link.SetQueue("ns3::DropTailQueue", "MaxSize", ns.StringValue("1000p"))
    devices = link.Install(nodes)
    if loss:
        model = ns.CreateObject[ns.RateErrorModel]()
        model.SetAttribute("ErrorRate", ns.DoubleValue(loss))
        model.SetAttribute("ErrorUnit", ns.StringValue("ERROR_UNIT_PACKET"))
        devices.Get(1).SetAttribute("ReceiveErrorModel", ns.PointerValue(model))
    ns.InternetStackHelper().Install(nodes)
    addresses = ns.Ipv4AddressHelper()
    addresses.SetBase(ns.Ipv4Address("10.0.0.0"), ns.Ipv4Mask("255.255.255.0"))
    faces = addresses.Assign(devices)
    anyone = ns.InetSocketAddress(ns.Ipv4Address.GetAny(), PORT)
    sink = ns.PacketSinkHelper("ns3::TcpSocketFactory", anyone.ConvertTo())
    receivers = sink.Install(nodes.Get(1))
    target = ns.InetSocketAddress(faces.GetAddress(1), PORT)
    bulk = ns.BulkSendHelper("ns3::TcpSocketFactory", target.ConvertTo())
    bulk.SetAttribute("MaxBytes", ns.UintegerValue(size))
    bulk.SetAttribute("SendSize", ns.UintegerValue(MSS))
    bulk.Install(nodes.Get(0)).Start(ns.Seconds(0))
    receivers.Start(ns.Seconds(0))
    ns.Simulator.Stop(ns.Seconds(3600))
    start = process_time()
    ns.Simulator.Run()
    seconds = process_time() - start
    received = receivers.Get(0).GetTotalRx()
    told = {"bytes": int(received), "seconds": seconds, "version": version("ns3")}
    print(json.dumps({"name": "ns-3", "segments": -(-size // MSS), **told}))
    ns.Simulator.Destroy()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0)
