# caught by: the alarm
# mistake: looks at the client only, where a full queue looks like a dark line
# like: solution.py

right_alarm = alarm


def alarm(end):
    end["server"]["nstat"].pop("TcpExtListenOverflows", None)
    return right_alarm(end)
