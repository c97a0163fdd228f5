/**
 * Perl: ends the SSH logins that a machine was copied with. Nobody is at their other end, but they hold the ports that
 * they forward, and what they run runs on. Whoever runs this is logged in, too, and is left.
 */
export const END_LOGINS = `
# Parent and process group.
sub family {
  my ($pid) = @_;
  return content("/proc/$pid/stat") =~ /.*\\) \\S (\\d+) (\\d+)/s ? ($1, $2) : (0, 0);
}

sub processes {
  opendir my $proc, '/proc' or die "/proc: $!\\n";
  return grep { /^\\d+\\z/ } readdir $proc;
}

# By its program, which nobody can feign, and its title: the server itself, which waits for logins, has a path in it.
sub is_login {
  my ($pid) = @_;
  my $program = readlink "/proc/$pid/exe";
  return 0 if !defined $program || $program !~ m{/sshd(?:-session)?(?: \\(deleted\\))?\\z};
  return content("/proc/$pid/cmdline") =~ /^sshd(?:-session)?: [^ \\/]/ ? 1 : 0;
}

sub end_logins {
  my %ours;
  for (my $pid = $$; $pid > 1; ($pid) = family($pid)) { $ours{$pid} = 1 }
  my $others = sub { grep { !$ours{$_} && is_login($_) } processes() };
  for (1 .. 100) {
    my %login = map { $_ => 1 } $others->();
    return if !%login;
    for my $pid (processes()) {
      my ($parent, $group) = family($pid);
      kill -9, $pid if $login{$parent} && !$login{$pid} && !$ours{$pid} && $group == $pid;
    }
    kill 9, keys %login;
    select undef, undef, undef, 0.05;
  }
  die "the logins of the machine that this one was copied from do not end\\n";
}`;
