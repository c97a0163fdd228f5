/*
 * Perl, in parts. Whatever fails ends the program with the name of what failed and never with a value: the values are
 * secrets. Modules beyond perl-base must not be needed.
 */

/** Reads what is given: lines of a name and its value in hexadecimal digits, then `end`. */
export const RENEW_INPUT = `
sub given {
  my (%given, $whole);
  while (my $line = <STDIN>) {
    chomp $line;
    if ($line eq 'end') { $whole = 1; last }
    my ($name, $hex) = split / /, $line;
    $given{$name} = pack 'H*', $hex;
  }
  # The harness has ended, or was ended: nobody is left to renew for.
  exit 1 if !$whole;
  for my $name (qw(machine-id hostname host-key host-key-public authorized-key seed time)) {
    die "$name was not given\\n" if !length $given{$name};
  }
  return %given;
}`;

/** Writes files: over what they hold, or anew and renamed into place, with owner and mode. */
export const RENEW_FILES = `
sub content {
  my ($path) = @_;
  open my $file, '<', $path or return '';
  local $/;
  return scalar <$file>;
}

sub overwrite {
  my ($path, $text) = @_;
  open my $file, '>', $path or die "$path: $!\\n";
  print {$file} $text or die "$path: $!\\n";
  close $file or die "$path: $!\\n";
}

sub remove {
  my ($path) = @_;
  die "$path: $!\\n" if (-e $path || -l $path) && !unlink $path;
}

sub replace {
  my ($path, $text, $mode, $uid, $gid) = @_;
  $text =~ s/\\n*\\z/\\n/;
  my $new = "$path.vzvm-new";
  remove($new);
  umask 077;
  overwrite($new, $text);
  chmod $mode, $new or die "$new: $!\\n";
  chown $uid, $gid, $new or die "$new: $!\\n";
  rename $new, $path or die "$path: $!\\n";
}`;

/** Asks the kernel: the clock, the generator of random numbers, the network. Numbers are those of the kernel's headers. */
export const RENEW_KERNEL = `
use Config;
# gettimeofday and settimeofday.
my ($get_time, $set_time) = $Config{archname} =~ /^x86_64/ ? (96, 164) : (169, 170);

sub now {
  my $now = pack 'q q', 0, 0;
  syscall($get_time, $now, 0) == 0 or die "reading the clock: $!\\n";
  my ($seconds, $micros) = unpack 'q q', $now;
  return $seconds * 1000 + $micros / 1000;
}

sub set_clock {
  my ($millis) = @_;
  return if abs(now() - $millis) <= 500;
  my $time = pack 'q q', int($millis / 1000), ($millis % 1000) * 1000;
  syscall($set_time, $time, 0) == 0 or die "setting the clock: $!\\n";
}

sub reseed {
  my ($random, $seed) = @_;
  die "the seed is short\\n" if length $seed < 64;
  my $entropy = pack 'i i a*', 8 * length $seed, length $seed, $seed;
  ioctl $random, 0x40085203, $entropy or die "RNDADDENTROPY: $!\\n";
  # Without it the kernel goes on for up to a minute with what it shares with every copy of this machine.
  ioctl $random, 0x5207, 0 or die "RNDRESEEDCRNG: $!\\n";
}

sub default_interface {
  for my $route (split /\\n/, content('/proc/net/route')) {
    my ($name, $destination) = split /\\t/, $route;
    return $name if $destination eq '00000000';
  }
  die "no default interface\\n";
}

sub set_mac {
  my ($net, $mac) = @_;
  my $name = default_interface();
  # SIOCSIFHWADDR. The kernel forgets its neighbours by itself when an address changes.
  my $request = pack 'a16 S a22', $name, 1, pack('H*', join '', split /:/, $mac);
  ioctl $net, 0x8924, $request or die "the address of $name: $!\\n";
}`;

/** Where it is, the guest keeps its IP address whatever its hardware address is; made by the images that QEMU's driver builds. */
const FIXED_ADDRESS_MARK = '/run/vzvm-fixed-address';

/** What is done, in its order: all that can be is made ready before the wait. */
export const RENEW_ORDER = `
$| = 1;
$> == 0 or die "renewing needs root\\n";
my ($uid, $gid, $home) = (getpwnam $ARGV[0])[2, 3, 7];
defined $home or die "there is no user $ARGV[0]\\n";
open my $random, '+<', '/dev/urandom' or die "/dev/urandom: $!\\n";
socket my $net, 2, 2, 0 or die "a socket: $!\\n";
abs(now() / 1000 - time) < 5 or die "the clock cannot be read\\n";
print "ready\\n";

my %given = given();
set_clock($given{time});
reseed($random, $given{seed});

my $id = $given{'machine-id'};
overwrite('/etc/machine-id', "$id\\n");
my $dbus = '/var/lib/dbus/machine-id';
overwrite($dbus, "$id\\n") if -f $dbus && !-l $dbus;

my $name = $given{hostname};
overwrite('/proc/sys/kernel/hostname', $name);
overwrite('/etc/hostname', "$name\\n");
my $hosts = content('/etc/hosts');
$hosts =~ s/^127\\.0\\.1\\.1\\s.*$/127.0.1.1 $name/m or $hosts =~ s/\\n*\\z/\\n127.0.1.1 $name\\n/;
overwrite('/etc/hosts', $hosts);

my $key = 'ssh_host_ed25519_key';
replace("/etc/ssh/$key", $given{'host-key'}, 0600, 0, 0);
replace("/etc/ssh/$key.pub", $given{'host-key-public'}, 0644, 0, 0);
opendir my $ssh, '/etc/ssh' or die "/etc/ssh: $!\\n";
for my $file (grep { /^ssh_host_/ && !/^$key(?:\\.pub)?$/ } readdir $ssh) { remove("/etc/ssh/$file") }

if (!-d "$home/.ssh") {
  mkdir "$home/.ssh", 0700 or die "$home/.ssh: $!\\n";
  chown $uid, $gid, "$home/.ssh" or die "$home/.ssh: $!\\n";
}
replace("$home/.ssh/authorized_keys", $given{'authorized-key'}, 0600, $uid, $gid);
# The second file that sshd looks at.
remove("$home/.ssh/authorized_keys2");

remove('/var/lib/systemd/random-seed');
# Last: from here on the network may take a moment to know this machine again.
# A DHCP server would then give another IP address, which the host does not know: only where there is a fixed one.
set_mac($net, $given{mac}) if length $given{mac} && -e '${FIXED_ADDRESS_MARK}';
print "renewed\\n";
`;
