package target

import (
	"bytes"
	"context"
	"fmt"
	"net"
)

// AgentEnd is what the last line of the fake agent's output says.
const AgentEnd = "the-agent-is-done"

// agent is the kind that writes what an agent of Checkmk does and hangs up; nobody asks anything before: "Checkmk agent
// protocol", plain output. There are 30 kB of it, as of a Linux server with some file systems, disks and 150 processes.
func agent(ctx context.Context, ready func(port int)) error {
	output := agentOutput()
	return listen(ctx, ready, func(c net.Conn) {
		_, _ = c.Write(output)
		c.Close()
	})
}

// agentOutput gives the sections in the agent's order; values are made up.
func agentOutput() []byte {
	var b bytes.Buffer
	b.WriteString("<<<check_mk>>>\nVersion: 2.2.0p24\nAgentOS: linux\nHostname: web\nAgentDirectory: /etc/check_mk\nOnlyFrom:\n")
	b.WriteString("<<<df_v2>>>\n")
	for i := range 12 {
		fmt.Fprintf(&b, "/dev/mapper/vg0-data%02d ext4 %d %d %d %d%% /srv/data%02d\n", i, 102_400_000+i, 61_440_000+i*977, 40_960_000-i*977, 60+i, i)
	}
	b.WriteString("<<<mem>>>\n")
	for i, name := range []string{"MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapCached", "Active", "Inactive", "Dirty", "SwapTotal", "SwapFree", "Slab"} {
		fmt.Fprintf(&b, "%s: %d kB\n", name, 16_384_000-i*1_200_000)
	}
	b.WriteString("<<<cpu>>>\n0.42 0.38 0.31 2/512 31337 4\n<<<uptime>>>\n1234567.89 4567890.12\n<<<ps_lnx>>>\n[header] CGROUP USER VSZ RSS TIME ELAPSED PID COMMAND\n")
	for i := range 150 {
		fmt.Fprintf(&b, "12:pids:/system.slice/worker@%03d.service www-data %d %d 00:%02d:%02d 14-06:%02d:00 %d /usr/lib/worker/bin/worker --instance=%03d --config=/etc/worker/worker.conf\n",
			i, 250_000+i*13, 24_000+i*7, i%60, i*7%60, i%60, 2000+i, i)
	}
	b.WriteString("<<<lnx_if>>>\n[start_iplink]\n")
	for i := range 8 {
		fmt.Fprintf(&b, "    eth%d: %d %d 0 0 0 0 0 0 %d %d 0 0 0 0 0 0\n", i, 9_876_543_210+i, 12_345_678+i, 8_765_432_109+i, 11_234_567+i)
	}
	b.WriteString("<<<diskstat>>>\n1700000000\n")
	for i := range 12 {
		fmt.Fprintf(&b, " 253 %d dm-%d %d 0 %d %d %d 0 %d %d 0 %d %d\n", i, i, 987_654+i, 45_678_901+i, 234_567, 1_234_567+i, 56_789_012, 345_678, 456_789, 567_890)
	}
	b.WriteString("<<<systemd_units>>>\n[list-unit-files]\n")
	for i := range 80 {
		fmt.Fprintf(&b, "worker@%03d.service loaded active running Worker instance %03d of the shop\n", i, i)
	}
	b.WriteString("<<<local>>>\n")
	for i := range 10 {
		fmt.Fprintf(&b, "0 \"Queue %02d\" length=%d;500;1000 %d entries wait\n", i, i*17, i*17)
	}
	fmt.Fprintf(&b, "0 \"Agent\" - %s\n", AgentEnd)
	return b.Bytes()
}
