"""The kernel's counters of TCP by name, in its order, and the words that `netstat -s` has for some.

Names: net/ipv4/proc.c of Linux 6.18.  Words: net-tools 2.10, where a counter without words is
printed by its name.
"""

from __future__ import annotations

TCP = (
    "ActiveOpens",
    "PassiveOpens",
    "AttemptFails",
    "EstabResets",
    "InSegs",
    "OutSegs",
    "RetransSegs",
    "InErrs",
    "OutRsts",
    "InCsumErrors",
)
"""The group ``Tcp``, as `nstat` lists it: what only tells a state (CurrEstab) is left out."""

_TCP_EXT = """
    SyncookiesSent SyncookiesRecv SyncookiesFailed EmbryonicRsts PruneCalled RcvPruned
    OfoPruned OutOfWindowIcmps LockDroppedIcmps ArpFilter TW TWRecycled TWKilled PAWSActive
    PAWSEstab BeyondWindow TSEcrRejected PAWSOldAck PAWSTimewait DelayedACKs
    DelayedACKLocked DelayedACKLost ListenOverflows ListenDrops TCPHPHits TCPPureAcks
    TCPHPAcks TCPRenoRecovery TCPSackRecovery TCPSACKReneging TCPSACKReorder TCPRenoReorder
    TCPTSReorder TCPFullUndo TCPPartialUndo TCPDSACKUndo TCPLossUndo TCPLostRetransmit
    TCPRenoFailures TCPSackFailures TCPLossFailures TCPFastRetrans TCPSlowStartRetrans
    TCPTimeouts TCPLossProbes TCPLossProbeRecovery TCPRenoRecoveryFail TCPSackRecoveryFail
    TCPRcvCollapsed TCPBacklogCoalesce TCPDSACKOldSent TCPDSACKOfoSent TCPDSACKRecv
    TCPDSACKOfoRecv TCPAbortOnData TCPAbortOnClose TCPAbortOnMemory TCPAbortOnTimeout
    TCPAbortOnLinger TCPAbortFailed TCPMemoryPressures TCPMemoryPressuresChrono
    TCPSACKDiscard TCPDSACKIgnoredOld TCPDSACKIgnoredNoUndo TCPSpuriousRTOs TCPMD5NotFound
    TCPMD5Unexpected TCPMD5Failure TCPSackShifted TCPSackMerged TCPSackShiftFallback
    TCPBacklogDrop PFMemallocDrop TCPMinTTLDrop TCPDeferAcceptDrop IPReversePathFilter
    TCPTimeWaitOverflow TCPReqQFullDoCookies TCPReqQFullDrop TCPRetransFail TCPRcvCoalesce
    TCPOFOQueue TCPOFODrop TCPOFOMerge TCPChallengeACK TCPSYNChallenge TCPFastOpenActive
    TCPFastOpenActiveFail TCPFastOpenPassive TCPFastOpenPassiveFail
    TCPFastOpenListenOverflow TCPFastOpenCookieReqd TCPFastOpenBlackhole
    TCPSpuriousRtxHostQueues BusyPollRxPackets TCPAutoCorking TCPFromZeroWindowAdv
    TCPToZeroWindowAdv TCPWantZeroWindowAdv TCPSynRetrans TCPOrigDataSent
    TCPHystartTrainDetect TCPHystartTrainCwnd TCPHystartDelayDetect TCPHystartDelayCwnd
    TCPACKSkippedSynRecv TCPACKSkippedPAWS TCPACKSkippedSeq TCPACKSkippedFinWait2
    TCPACKSkippedTimeWait TCPACKSkippedChallenge TCPWinProbe TCPKeepAlive TCPMTUPFail
    TCPMTUPSuccess TCPDelivered TCPDeliveredCE TCPAckCompressed TCPZeroWindowDrop
    TCPRcvQDrop TCPWqueueTooBig TCPFastOpenPassiveAltKey TcpTimeoutRehash
    TcpDuplicateDataRehash TCPDSACKRecvSegs TCPDSACKIgnoredDubious TCPMigrateReqSuccess
    TCPMigrateReqFailure TCPPLBRehash TCPAORequired TCPAOBad TCPAOKeyNotFound TCPAOGood
    TCPAODroppedIcmps
"""
TCP_EXT = tuple(_TCP_EXT.split())
"""The group ``TcpExt``."""

WORDS = {
    "ActiveOpens": "{} active connection openings",
    "PassiveOpens": "{} passive connection openings",
    "AttemptFails": "{} failed connection attempts",
    "EstabResets": "{} connection resets received",
    "CurrEstab": "{} connections established",
    "InSegs": "{} segments received",
    "OutSegs": "{} segments sent out",
    "RetransSegs": "{} segments retransmitted",
    "InErrs": "{} bad segments received",
    "OutRsts": "{} resets sent",
    "SyncookiesSent": "{} SYN cookies sent",
    "SyncookiesRecv": "{} SYN cookies received",
    "SyncookiesFailed": "{} invalid SYN cookies received",
    "EmbryonicRsts": "{} resets received for embryonic SYN_RECV sockets",
    "PruneCalled": "{} packets pruned from receive queue because of socket buffer overrun",
    "RcvPruned": "{} packets pruned from receive queue",
    "OfoPruned": "{} packets dropped from out-of-order queue because of socket buffer overrun",
    "OutOfWindowIcmps": "{} ICMP packets dropped because they were out-of-window",
    "LockDroppedIcmps": "{} ICMP packets dropped because socket was locked",
    "TW": "{} TCP sockets finished time wait in fast timer",
    "TWRecycled": "{} time wait sockets recycled by time stamp",
    "PAWSActive": "{} active connections rejected because of time stamp",
    "PAWSEstab": "{} packets rejected in established connections because of timestamp",
    "DelayedACKs": "{} delayed acks sent",
    "DelayedACKLocked": "{} delayed acks further delayed because of locked socket",
    "DelayedACKLost": "Quick ack mode was activated {} times",
    "ListenOverflows": "{} times the listen queue of a socket overflowed",
    "ListenDrops": "{} SYNs to LISTEN sockets dropped",
    "TCPHPHits": "{} packet headers predicted",
    "TCPPureAcks": "{} acknowledgments not containing data payload received",
    "TCPHPAcks": "{} predicted acknowledgments",
    "TCPRenoRecovery": "{} times recovered from packet loss due to fast retransmit",
    "TCPSACKReorder": "Detected reordering {} times using SACK",
    "TCPRenoReorder": "Detected reordering {} times using reno fast retransmit",
    "TCPTSReorder": "Detected reordering {} times using time stamp",
    "TCPFullUndo": "{} congestion windows fully recovered without slow start",
    "TCPPartialUndo": "{} congestion windows partially recovered using Hoe heuristic",
    "TCPLossUndo": "{} congestion windows recovered without slow start after partial ack",
    "TCPRenoFailures": "{} timeouts after reno fast retransmit",
    "TCPLossFailures": "{} timeouts in loss state",
    "TCPFastRetrans": "{} fast retransmits",
    "TCPSlowStartRetrans": "{} retransmits in slow start",
    "TCPRcvCollapsed": "{} packets collapsed in receive queue due to low socket buffer",
    "TCPAbortOnData": "{} connections reset due to unexpected data",
    "TCPAbortOnClose": "{} connections reset due to early user close",
    "TCPAbortOnMemory": "{} connections aborted due to memory pressure",
    "TCPAbortOnTimeout": "{} connections aborted due to timeout",
    "TCPAbortOnLinger": "{} connections aborted after user close in linger timeout",
    "TCPAbortFailed": "{} times unable to send RST due to no memory",
    "TCPMemoryPressures": "TCP ran low on memory {} times",
}
"""What `netstat -s` says; ``{}`` is the count."""
