#!/bin/bash
# Tries this folder for real: three machines as network namespaces, with keys, keepalived and a sender that knows only the virtual address.
# The machine that holds the address is killed; results, answers and checks must go on. As root: deploy/three-servers/try.sh bin/onbu
# Needs keepalived, curl and iproute2; takes about two minutes, and leaves nothing behind.
set -euo pipefail
onbu=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
chmod 755 "$dir"
names=(alpha beta gamma)
vip=10.0.0.10 t=onbu3-$$
pids=()

cleanup() {
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done
	sleep 1
	for p in "${pids[@]}"; do kill -9 "$p" 2>/dev/null || true; done
	for n in lan "${names[@]}"; do
		ip netns pids "$t-$n" 2>/dev/null | xargs -r kill -9 || true
		ip netns del "$t-$n" 2>/dev/null || true
	done
	[ -n "${KEEP:-}" ] || rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

in_ns() { ip netns exec "$t-$1" "${@:2}"; }
lan() { in_ns lan "$@"; }
fail() {
	echo "FAILED: $*"
	tail -n 15 "$dir"/*.log
	exit 1
}
# within SECONDS WHAT COMMAND...: waits until the command works and says how long it took.
within() {
	local limit=$1 what=$2 began=${EPOCHREALTIME/./}
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $((${EPOCHREALTIME/./} - began)) -lt $((limit * 1000000)) ] || fail "not within $limit s: $what"
		sleep 0.1
	done
	printf '%6.1f s  %s\n' "$(((${EPOCHREALTIME/./} - began) / 100000))e-1" "$what"
}

# A switch, and three machines on it.
ip netns add "$t-lan"
lan ip link set lo up
lan ip link add br0 type bridge
lan ip addr add 10.0.0.1/24 dev br0
lan ip link set br0 up
for i in 0 1 2; do
	n=${names[$i]}
	ip netns add "$t-$n"
	ip -n "$t-$n" link add eth0 type veth peer name "p$i" netns "$t-lan"
	ip -n "$t-$n" addr add "10.0.0.1$((i + 1))/24" dev eth0
	ip -n "$t-$n" link set eth0 up
	ip -n "$t-$n" link set lo up
	in_ns "$n" sysctl -qw net.ipv4.ping_group_range="0 2147483647"
	lan ip link set "p$i" master br0 up
done

address() { sed 's/alpha/10.0.0.11/g; s/beta/10.0.0.12/g; s/gamma/10.0.0.13/g'; }

# What README.md says, step by step, in folders of this test.
"$onbu" keys init "$dir/ca" >/dev/null
"$onbu" keys server alpha --ca "$dir/ca" --out "$dir/alpha/keys" --addr alpha,10.0.0.11 >/dev/null
in_ns alpha "$onbu" keys serve --ca "$dir/ca" --listen 10.0.0.11:4223 >"$dir/desk.log" 2>&1 &
desk=$!
pids+=("$desk")
token() { "$onbu" keys token --ca "$dir/ca" --at 10.0.0.11:4223 "$@" 2>/dev/null; }
desk_answers() { in_ns beta timeout 1 bash -c '</dev/tcp/10.0.0.11/4223'; }
within 10 "onbu keys serve answers" desk_answers
token --name beta --role bus --addr beta,10.0.0.12 | in_ns beta "$onbu" join --token-file - --out "$dir/beta/keys"
token --name gamma --role bus --addr gamma,10.0.0.13 | in_ns gamma "$onbu" join --token-file - --out "$dir/gamma/keys"
token --name me2 --role operator | in_ns beta "$onbu" join --token-file - --out "$dir/operator"
kill "$desk"
cp -r "$here/../etc" "$dir/etc"
cp "$here/modules.cfg" "$dir/etc/conf.d/modules.cfg"
cat >"$dir/etc/conf.d/try.cfg" <<-'END'
	define service {
	    use                     part
	    host_name               localhost
	    service_description     heard
	    check_command           tcp!7770
	    active_checks_enabled   0
	    passive_checks_enabled  1
	}
END
sed -i '1i interval_length=5' "$dir/etc/onbu.cfg"
start() { # NAME OTHER OTHER
	ip netns exec "$t-$1" "$onbu" run "$dir/etc/onbu.cfg" --state "$dir/$1/state" --command-file - --keys "$dir/$1/keys" \
		--listen "$(echo "$1:4222" | address)" --cluster "$(echo "$1:6222" | address)" --join "$(echo "$2:6222,$3:6222" | address)" >"$dir/$1.log" 2>&1 &
	onbu_of[$1]=$!
	pids+=($!)
}
declare -A onbu_of keepalived_of
start alpha beta gamma
start beta alpha gamma
start gamma alpha beta
well() { in_ns "$1" "$here/onbu-healthy"; }
for n in "${names[@]}"; do within 60 "$n is well" well "$n"; done
ask_bus() { in_ns "$1" "$onbu" nodes --bus tls://10.0.0.11:4222,tls://10.0.0.12:4222,tls://10.0.0.13:4222 --keys "$dir/operator"; }
listed() { [ "$(ask_bus beta | grep -cE '^ *(alpha|beta|gamma) ')" = 3 ]; }
within 10 "the bus lists all three to an operator" listed

sed -e "s,/etc/keepalived/onbu-healthy,$here/onbu-healthy," -e 's/script_user nobody/script_user root/' "$here/keepalived.conf" >"$dir/keepalived.conf"
for n in "${names[@]}"; do
	ip netns exec "$t-$n" keepalived --dont-fork --log-console --vrrp -f "$dir/keepalived.conf" -p "$dir/$n.pid" -r "$dir/$n.vrrp.pid" >"$dir/$n.keepalived.log" 2>&1 &
	keepalived_of[$n]=$!
	pids+=($!)
done
holder() {
	for n in "${names[@]}"; do
		if ip -n "$t-$n" -4 addr show dev eth0 | grep -q "inet $vip/"; then echo "$n"; fi
	done
}
one_holder() { [ "$(holder | wc -w)" = 1 ]; }
within 30 "one machine holds $vip" one_holder

# A sender that knows only the address: the number of the last result that was acknowledged is in the file.
heard=0
send() {
	lan curl -sf -m 2 -H 'Authorization: Bearer CHANGE-ME' "http://$vip:7766/results" \
		-d "{\"host\":\"localhost\",\"service\":\"heard\",\"state\":\"OK\",\"output\":\"result $1\"}"
}
live() { lan "$onbu" live "$vip:6557" "$@"; }
shows() { live 'GET services' 'Columns: plugin_output' 'Filter: description = heard' | grep -qx "result $1"; }
checked() { live 'GET services' 'Columns: last_check' 'Filter: description = Onbu' | grep -E '^[0-9]+$'; }
within 30 "a result is taken at $vip" send 1
within 30 "and shown there" shows 1
within 30 "checks are made" checked

was=$(holder)
echo "        $was holds the address, and is killed"
for n in $(seq 2 20); do send "$n" >/dev/null && heard=$n; done
before=$(checked)
ip -n "$t-$was" link set eth0 down
kill -9 "${onbu_of[$was]}" "${keepalived_of[$was]}"
moved() { [ "$(holder | grep -cvx "$was")" = 1 ]; }
within 10 "another machine holds $vip" moved
within 10 "and Livestatus answers there" live 'GET status' 'Columns: program_start'
within 40 "the last acknowledged result is shown" shows "$heard"
within 30 "results are taken again" send last
within 30 "and shown" shows last
newer() { [ "$(checked)" -gt "$before" ]; }
within 60 "checks go on" newer
others=()
for n in "${names[@]}"; do [ "$n" = "$was" ] || others+=("$n"); done
within 20 "the bus answers an operator" ask_bus "${others[0]}"
echo "        ${was} comes back"
ip -n "$t-$was" link set eth0 up
start "$was" "${others[@]}"
within 60 "$was is well again" well "$was"
moved || fail "the address moved back without need"
echo "passed"
