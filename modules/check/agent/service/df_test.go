package service_test

import (
	"slices"
	"testing"

	"github.com/onbu/onbu/monitor"
)

const dfExample = `<<<df_v2>>>
/dev/sda2      ext4  41152736 20576368 18455636  53% /
/dev/sdb1      xfs  100000000 95000000  5000000  95% /mnt/my disk
/dev/sdc1      btrfs 10000000  1000000  9000000  10% /data
/dev/sdc1      btrfs 10000000  1000000  9000000  10% /data/sub
tmpfs          tmpfs  8157456      120  8157336   1% /dev/shm
overlay        overlay 1000 10 990 1% /var/lib/docker/overlay2/abc/merged
/dev/loop3     squashfs 1000 1000 0 100% /snap/core/1
//srv/share x  cifs 1000 1000 0 100% /mnt/win
/dev/sdd1      ext4 0 0 0 - /empty
<<<df_v2>>>
[df_inodes_start]
/dev/sda2      ext4   2621440   300000  2321440  12% /
/dev/sdb1      xfs        100       99        1  99% /mnt/my disk
/dev/sdc1      btrfs        0        0        0    - /data
[df_inodes_end]
[df_lsblk_start]
NAME       UUID
/dev/sda2  1234-5678
[df_lsblk_end]
`

func TestFilesystemsThatCanFillAreFound(t *testing.T) {
	want := []string{"/=Filesystem /", "/mnt/my disk=Filesystem /mnt/my disk", "/data=Filesystem /data", "/empty=Filesystem /empty"}
	if got := offers(t, "df", dfExample); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAFilesystemIsFullByPercentOrSize(t *testing.T) {
	var h host
	const perf = "/=23241830400B;33712321331;37926361498;0;42140401664 inodes_used=300000;2359296;2490368;0;2621440"
	expect(t, h.look(t, "df", dfExample, "-i", "/"), monitor.OK, "Used: 55.15% (21.65 GiB of 39.25 GiB)", perf)
	expect(t, h.look(t, "df", dfExample, "-i", "/", "-w", "50", "-c", "90"), monitor.Warning,
		"Used: 55.15% (21.65 GiB of 39.25 GiB) (warn/crit at 50.00%/90.00%)(!)", "")
	for _, c := range []struct {
		args []string
		want monitor.State
	}{
		{[]string{"-w", "55%", "-c", "60%"}, monitor.Warning},
		{[]string{"-w", "56%", "-c", "60%"}, monitor.OK},
		{[]string{"-w", "20G", "-c", "21.7G"}, monitor.Warning},
		{[]string{"-w", "20G", "-c", "21.6G"}, monitor.Critical},
		{[]string{"-w", "80", "-o", "free=18G:,10G:"}, monitor.Warning},
		{[]string{"-w", "80", "-o", "free=50%:,10%:"}, monitor.Warning},
		{[]string{"-o", "free=17G:,10G:"}, monitor.OK},
		{[]string{"-o", "inodes=10,20"}, monitor.Warning},
		{[]string{"-o", "reserved=no", "-w", "53", "-c", "54"}, monitor.OK}, // 52.7 % of what everybody may use
		{[]string{"-o", "reserved=maybe"}, monitor.Unknown},
		{[]string{"-w", "x"}, monitor.Unknown},
	} {
		if got := h.look(t, "df", dfExample, append(c.args, "-i", "/")...); got.State != c.want {
			t.Errorf("%q: got %v %s, want %v", c.args, got.State, got.Output, c.want)
		}
	}
}

func TestInodesMayRunOutToo(t *testing.T) {
	var h host
	expect(t, h.look(t, "df", dfExample, "-i", "/mnt/my disk", "-w", "96", "-c", "98"), monitor.Critical,
		"Used: 95.00% (90.60 GiB of 95.37 GiB), Inodes in use: 99.00% (warn/crit at 90.00%/95.00%)(!!)",
		"'/mnt/my disk'=97280000000B;98304000000;100352000000;0;102400000000 inodes_used=99;90;95;0;100")
	if got := h.look(t, "df", dfExample, "-i", "/data"); got.State != monitor.OK {
		t.Errorf("a filesystem without a number of inodes: got %v %s", got.State, got.Output)
	}
}

func TestFilesystemsThatAreNotThere(t *testing.T) {
	var h host
	expect(t, h.look(t, "df", "<<<df>>>\n/dev/sda1 ext4 100 50 50 50% /\n/dev/sda2 ext4 100 50 50 50% /boot\n", "-i", "/x"), monitor.Unknown,
		`there is no filesystem "/x" in the agent's output, but /, /boot(?)`, "")
	expect(t, h.look(t, "df", dfExample, "-i", "/empty"), monitor.Warning, "the size of the filesystem is 0(!)", "")
}

func TestTheLastMountOnAPlaceIsSeen(t *testing.T) {
	var h host
	expect(t, h.look(t, "df", "<<<df>>>\n/dev/sda1 ext4 100 90 10 90% /m\n/dev/sda2 ext4 1000 100 900 10% /m\n", "-i", "/m"), monitor.OK,
		"Used: 10.00% (100.00 KiB of 1000.00 KiB)", "/m=102400B;819200;921600;0;1024000")
}

func TestDrivesOfWindowsAreFilesystemsToo(t *testing.T) {
	const output = "<<<df:sep(9)>>>\nC:\\\tNTFS\t125827068\t66236472\t59590596\t53%\tC:\\\n"
	if got, want := offers(t, "df", output), []string{`C:\=Filesystem C:\`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var h host
	if got := h.look(t, "df", output, "-i", `C:\`, "-w", "50"); got.State != monitor.Warning {
		t.Errorf("got %v %s", got.State, got.Output)
	}
}

const netfsExample = `<<<nfsmounts_v2:sep(0)>>>
{"mountpoint": "/home", "source": "nas:/home", "state": "ok", "usage": {"total_blocks": 1000000, "free_blocks_su": 120000, "free_blocks": 100000, "blocksize": 1024}}
{"mountpoint": "/hangs", "source": "nas:/x", "state": "hanging", "usage": null}
{"mountpoint": "/broken", "sta
<<<cifsmounts>>>
/mnt/my\040share ok 100000 50000 50000 4096
/mnt/dead hanging 0 0 0 0
/mnt/not mine Permission denied
`

func TestMountsOfOtherMachines(t *testing.T) {
	if got, want := offers(t, "nfsmounts", netfsExample), []string{"/home=NFS mount /home", "/hangs=NFS mount /hangs"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var h host
	expect(t, h.look(t, "nfsmounts", netfsExample, "-i", "/home"), monitor.Critical,
		"Used: 90.00% (878.91 MiB of 976.56 MiB) (warn/crit at 80.00%/90.00%)(!!)",
		"/home=921600000B;819200000;921600000;0;1024000000")
	expect(t, h.look(t, "nfsmounts", netfsExample, "-i", "/hangs"), monitor.Critical, "State: hanging(!!)", "")
	expect(t, h.look(t, "cifsmounts", netfsExample, "-i", "/mnt/my share"), monitor.OK, "Used: 50.00% (195.31 MiB of 390.62 MiB)", "")
	expect(t, h.look(t, "cifsmounts", netfsExample, "-i", "/mnt/not mine"), monitor.Critical, "State: permission denied(!!)", "")
	expect(t, h.look(t, "cifsmounts", netfsExample, "-i", "/mnt/dead"), monitor.Critical, "State: hanging(!!)", "")
}
