"""Links the network with the project; PlatformIO runs this."""
from os.path import realpath

from SCons.Script import DefaultEnvironment

DefaultEnvironment().Append(LIBPATH=[realpath("lib")], LIBS=["@NAME@"])
