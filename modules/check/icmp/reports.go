package icmp

// unreachable gives check_icmp's words for a report, those of its get_icmp_error_msg for IPv4 (RFC 792, RFC 1122, RFC
// 1812); for IPv6, whose reports the plugin cannot read, the like.
func (r report) unreachable(f family) string {
	text, ok := icmpWords[reportKey{f, r.typ, r.code}]
	switch {
	case ok:
		return text
	case f == v4 && r.typ == 4:
		return "Transmitting too fast"
	case f == v4 && r.typ == 12:
		return "Bad IP header (required option absent)"
	}
	return "Invalid code"
}

// reportKey identifies a kind of report.
type reportKey struct {
	family    family
	typ, code byte
}

var icmpWords = map[reportKey]string{
	{v4, 3, 0}:  "Net unreachable",
	{v4, 3, 1}:  "Host unreachable",
	{v4, 3, 2}:  "Protocol unreachable (firewall?)",
	{v4, 3, 3}:  "Port unreachable (firewall?)",
	{v4, 3, 4}:  "Fragmentation needed",
	{v4, 3, 5}:  "Source route failed",
	{v4, 3, 6}:  "Unknown network",
	{v4, 3, 7}:  "Unknown host",
	{v4, 3, 8}:  "Source host isolated",
	{v4, 3, 9}:  "Network denied (firewall?)",
	{v4, 3, 10}: "Host denied (firewall?)",
	{v4, 3, 11}: "Bad TOS for network (firewall?)",
	{v4, 3, 12}: "Bad TOS for host (firewall?)",
	{v4, 3, 13}: "Prohibited by filter (firewall)",
	{v4, 3, 14}: "Host precedence violation",
	{v4, 3, 15}: "Precedence cutoff",
	{v4, 11, 0}: "Time to live exceeded in transit",
	{v4, 11, 1}: "Fragment reassembly time exceeded",
	{v6, 1, 0}:  "Net unreachable",
	{v6, 1, 1}:  "Prohibited by filter (firewall)",
	{v6, 1, 2}:  "Beyond scope of source address",
	{v6, 1, 3}:  "Host unreachable",
	{v6, 1, 4}:  "Port unreachable (firewall?)",
	{v6, 1, 5}:  "Prohibited by filter (firewall)",
	{v6, 1, 6}:  "Net unreachable",
	{v6, 2, 0}:  "Fragmentation needed",
	{v6, 3, 0}:  "Time to live exceeded in transit",
	{v6, 3, 1}:  "Fragment reassembly time exceeded",
}

// problem gives check_ping's words for a report; empty for those that it makes nothing of. It reads them off what ping(8)
// of iputils prints (ping.c pr_icmph, ping6_common.c print_icmp).
func (r report) problem(f family) string { return pingWords[reportKey{f, r.typ, r.code}] }

var pingWords = map[reportKey]string{
	{v4, 3, 0}:  "Network Unreachable",
	{v4, 3, 1}:  "Host Unreachable",
	{v4, 3, 2}:  "Bogus ICMP: Protocol Unreachable",
	{v4, 3, 3}:  "Bogus ICMP: Port Unreachable",
	{v4, 3, 9}:  "Network Prohibited",
	{v4, 3, 10}: "Host Prohibited",
	{v4, 3, 11}: "Network Unreachable",
	{v4, 3, 12}: "Host Unreachable",
	{v4, 3, 13}: "Packet Filtered",
	{v4, 11, 0}: "Time to live exceeded",
	{v6, 1, 0}:  "Network Unreachable",
	{v6, 1, 1}:  "Packet Filtered",
	{v6, 1, 2}:  "Destination Unreachable",
	{v6, 1, 3}:  "Host Unreachable",
	{v6, 1, 4}:  "Bogus ICMP: Port Unreachable",
	{v6, 1, 5}:  "Destination Unreachable",
	{v6, 1, 6}:  "Destination Unreachable",
	{v6, 3, 0}:  "Time to live exceeded",
	{v6, 3, 1}:  "Time to live exceeded",
}
