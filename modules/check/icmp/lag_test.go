package icmp_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/internal/realpeer"
)

// lagging is a setup line for network that answers for 10.55.0.0/16 through a TUN device, as far away as delay says. The
// device is made by the test, in its network namespace; the answers end with it.
func lagging(t testing.TB, inside []string, delay time.Duration) {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		realpeer.Skip(t, "no TUN device: "+err.Error())
	}
	request, err := unix.NewIfreq("lag0")
	if err != nil {
		t.Fatal(err)
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		realpeer.Skip(t, "no TUN device: "+err.Error())
	}
	tun := os.NewFile(uintptr(fd), "tun")
	for _, words := range []string{
		"ip addr add 10.54.0.1/32 dev lag0", "ip link set lag0 txqueuelen 10000 up", "ip route add 10.55.0.0/16 dev lag0 src 10.54.0.1",
	} {
		do(t, append(inside[:len(inside):len(inside)], strings.Fields(words)...)...)
	}
	late := make(chan delayed, 1<<14)
	ended := make(chan struct{}, 2)
	go func() {
		defer close(late)
		for {
			b := make([]byte, 256)
			n, err := tun.Read(b)
			if err != nil {
				break
			}
			late <- delayed{b[:n], time.Now().Add(delay)}
		}
		ended <- struct{}{}
	}()
	go func() {
		for d := range late {
			time.Sleep(time.Until(d.at))
			if reply(d.packet) {
				_, _ = tun.Write(d.packet)
			}
		}
		ended <- struct{}{}
	}()
	t.Cleanup(func() {
		tun.Close()
		<-ended
		<-ended
	})
}

// delayed is a packet that goes back at a moment.
type delayed struct {
	packet []byte
	at     time.Time
}

// reply makes an IPv4 echo request without options its reply.
func reply(b []byte) bool {
	if len(b) < 28 || b[0] != 0x45 || b[9] != 1 || b[20] != 8 {
		return false
	}
	source, target := [4]byte(b[12:16]), [4]byte(b[16:20])
	copy(b[12:], target[:])
	copy(b[16:], source[:])
	b[20] = 0
	// RFC 1624: the checksum of a word that is 0x0800 less.
	sum := uint32(b[22])<<8 + uint32(b[23]) + 0x0800
	sum = sum&0xffff + sum>>16
	b[22], b[23] = byte(sum>>8), byte(sum)
	return true
}
