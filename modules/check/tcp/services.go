package tcp

// service is what check_tcp takes for granted under one of its names.
type service struct {
	name   string // in the output
	port   int
	send   string
	expect []string
	quit   string
	tls    bool
	jail   bool // keep the answer out of the output
}

// services gives the names that check_tcp goes by in Debian, with the defaults of check_tcp.c 2.3.3. check_udp is the
// same program but no TCP, and is not here.
func services() map[string]service {
	return map[string]service{
		"check_tcp":   {name: "TCP"},
		"check_ftp":   {name: "FTP", port: 21, expect: []string{"220"}, quit: "QUIT\r\n"},
		"check_pop":   {name: "POP", port: 110, expect: []string{"+OK"}, quit: "QUIT\r\n"},
		"check_spop":  {name: "SPOP", port: 995, expect: []string{"+OK"}, quit: "QUIT\r\n", tls: true},
		"check_imap":  {name: "IMAP", port: 143, expect: []string{"* OK"}, quit: "a1 LOGOUT\r\n"},
		"check_simap": {name: "SIMAP", port: 993, expect: []string{"* OK"}, quit: "a1 LOGOUT\r\n", tls: true},
		"check_ssmtp": {name: "SSMTP", port: 465, expect: []string{"220"}, quit: "QUIT\r\n", tls: true},
		"check_nntp":  {name: "NNTP", port: 119, expect: []string{"200", "201"}, quit: "QUIT\r\n"},
		"check_nntps": {name: "NNTPS", port: 563, expect: []string{"200", "201"}, quit: "QUIT\r\n", tls: true},
		"check_clamd": {name: "CLAMD", port: 3310, send: "PING", expect: []string{"PONG"}},
		"check_jabber": {
			name:   "JABBER",
			port:   5222,
			send:   "<stream:stream to='host' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>\n",
			expect: []string{"<?xml version='1.0'"},
			quit:   "</stream:stream>\n",
			jail:   true,
		},
	}
}
